"""Templates in the language of Copier.

Belongs here: copier.yml as parameters, rendering in a jail, what is wrong with a template. Never
here: where templates come from, golden paths. Start at `fairway.drivers.copier.renderer`.
"""
