"""Node projects: packages by npm, a build script, tests by `npm test`.

Belongs here: reading package.json, finding Node, the command lines of npm, reading what tests
report. Never here: the order of a build's steps, layers' bytes. Start at `recipe`.
"""
