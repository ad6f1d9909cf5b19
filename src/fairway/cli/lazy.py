"""Importing what a command needs only when it needs it.

Belongs here: turning `module:name` into what it names.
"""

import importlib


def load(path: str) -> object:
    """Return what `path` such as `fairway.cli.commands.status:status` names."""
    module, _, name = path.partition(":")
    found: object = getattr(importlib.import_module(module), name)
    return found
