"""What the actions of one rendering work with.

Belongs here: the workspace, the template's files, what was published; reading a step's inputs.
Never here: actions. Start at `Task`.
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fairway.drivers.scaffolder.action.workspace import Workspace, confine
from fairway.drivers.template.failure import Failure
from fairway.drivers.template.source import list_paths

_KINDS = {str: "a text", bool: "true or false", list: "a list", dict: "a mapping", int: "a number"}
SECOND = "it publishes a second repository, and a golden path makes one"
SECOND_FIX = "publish one of them, or give the steps conditions that exclude each other"
_SCHEMES = ("http:", "https:", "git:", "ssh:", "file:", "url:")


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a step says to its action, expressions replaced."""

    values: Mapping[str, Any]

    def get(self, name: str, kind: type, default: Any = None) -> Any:
        value = self.values.get(name)
        if value is None:
            return default
        if not isinstance(value, kind):
            raise _refuse(f"its input '{name}' is {_KINDS[kind]}, and here it is {value!r}"[:300])
        return value

    def require(self, name: str, kind: type) -> Any:
        value = self.get(name, kind)
        if value is None:
            raise _refuse(f"its input '{name}' is missing, or comes out empty")
        return value

    def list_texts(self, name: str) -> list[str]:
        found = self.get(name, list, [])
        if not all(isinstance(item, str) for item in found):
            raise _refuse(f"its input '{name}' is a list of texts")
        return list(found)

    def list_mappings(self, name: str) -> list["Inputs"]:
        found = self.require(name, list)
        if not all(isinstance(item, dict) for item in found):
            raise _refuse(f"its input '{name}' is a list of mappings")
        return [Inputs(item) for item in found]


@dataclass(slots=True)
class Task:
    """One rendering of the template at `template` for the service `name`, into `out`."""

    template: Path
    workspace: Workspace
    out: Path
    name: str
    published: Path | None = None
    log: list[str] = field(default_factory=list)
    _is_settled: bool = False

    def find_source(self, url: str) -> Path:
        """Return the part of the template that the `url` of a fetching action names.

        Raises:
            Failure: TEMPLATE-UNSAFE, it is not in the template; TEMPLATE-PATH.
        """
        return find_source(self.template, url)

    def list_source(self, folder: Path) -> list[str]:
        """Return names below a folder of the template, sorted; folders' end with a slash."""
        return list_source(folder)

    def check_unpublished(self) -> None:
        if self.published is not None:
            raise Failure("TEMPLATE-INVALID", SECOND, fix=SECOND_FIX)

    def settle(self) -> None:
        """Keep what was published as it is now, whatever comes after."""
        if self.published is not None and not self._is_settled:
            shutil.copytree(self.published, self.out, symlinks=True)
            self._is_settled = True

    def finish(self) -> None:
        """Leave what was published in `out`, and nothing else of this rendering."""
        if self.published is None:
            raise Failure(
                "TEMPLATE-INVALID",
                "with these answers it publishes no repository",
                fix="let one publishing step run, whatever the answers",
            )
        if not self._is_settled:
            self.published.rename(self.out)
        shutil.rmtree(self.workspace.root, ignore_errors=True)


def find_source(template: Path, url: str) -> Path:
    if url.casefold().startswith(_SCHEMES):
        raise Failure(
            "TEMPLATE-UNSAFE",
            f"it fetches '{url}', and nothing is fetched from outside the template",
            fix="keep the files in the template's repository, and name them like ./skeleton",
        )
    path = confine(template, url)
    if not path.exists():
        raise Failure(
            "TEMPLATE-PATH",
            f"it fetches '{url}', which the template has not",
            fix="name a folder of the template's repository, like ./skeleton",
        )
    return path


def list_source(folder: Path) -> list[str]:
    return [
        f"{path}/" if (folder / path).is_dir() and not (folder / path).is_symlink() else path
        for path in sorted(list_paths(folder))
        if os.path.basename(path) != ".git"  # noqa: PTH119  a Path would cost more
    ]


def _refuse(why: str) -> Failure:
    return Failure("TEMPLATE-INVALID", why, fix="correct the step's input")
