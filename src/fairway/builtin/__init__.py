"""The built-in platform, as documents that a platform team can print, copy and change.

Belongs here: YAML documents and handing them out. Never here: anything that interprets them.
"""

from collections.abc import Mapping
from importlib import resources


def read_builtin_documents() -> Mapping[str, bytes]:
    """Return the content of each built-in file by its name, sorted by name."""
    files = resources.files(__name__).iterdir()
    return {
        file.name: file.read_bytes()
        for file in sorted(files, key=lambda file: file.name)
        if file.name.endswith(".yaml")
    }
