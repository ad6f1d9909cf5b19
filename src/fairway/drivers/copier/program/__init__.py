"""Programs of their own: they do in a jail what needs a stranger's template.

Belongs here: all that reads templates, and the only use of the library copier, on whose insides
`worker` relies. Never here: limits of the machine, which the jail holds; errors for people.
The platform never imports it: it starts `read`, `lint` and `render`.
"""
