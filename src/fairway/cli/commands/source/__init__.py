"""Commands around source: golden paths and repositories.

Belongs here: one module per group of commands. Never here: what the platform does.
"""
