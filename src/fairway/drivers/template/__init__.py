"""Templates of any language, rendered by a program of that language in the jail.

Belongs here: asking such programs and telling people how they ended, files that come in and go
out, all of it taking nothing on trust. Never here: a language. Start at
`fairway.drivers.template.renderer`.
"""
