"""The built-in platform, as documents that a platform team can print, copy and change.

Belongs here: YAML documents and handing them out, and where the built-in golden paths are. Never
here: anything that interprets them.
"""

from collections.abc import Mapping
from importlib import resources
from pathlib import Path


def read_builtin_documents() -> Mapping[str, bytes]:
    """Return the content of each built-in file by its name, sorted by name."""
    files = resources.files(__name__).iterdir()
    return {
        file.name: file.read_bytes()
        for file in sorted(files, key=lambda file: file.name)
        if file.name.endswith(".yaml")
    }


def list_builtin_paths() -> Mapping[str, Path]:
    """Return the folder of each built-in golden path by its name, sorted by name."""
    inside = Path(__file__).with_name("golden_paths")
    # A wheel carries them inside; in a checkout they are beside the sources.
    folder = inside if inside.is_dir() else Path(__file__).parents[3] / "golden_paths"
    found = sorted(folder.glob("*/golden-path.yaml"))
    return {path.parent.name.replace("_", "-"): path.parent for path in found}
