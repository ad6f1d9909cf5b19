"""Templates in Backstage's scaffolder format.

Belongs here: which of their actions are run and how, in the jail; which language a template is
in. Never here: the format itself (`fairway.formats.scaffolder`). Start at
`fairway.drivers.scaffolder.renderer`.
"""
