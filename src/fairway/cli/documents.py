"""Finding the documents that paths on the command line mean.

Belongs here: files, folders and standard input. Never here: what the documents say.
"""

import sys
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from fairway.kits.errors import Refused

_SUFFIXES = (".yaml", ".yml", ".json")


def read_files(
    paths: Iterable[str], *, leave_out: Collection[str] = ()
) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each file that `paths` mean.

    A folder means the YAML and JSON files below it, except hidden ones and those whose names
    are in `leave_out`; `-` means standard input.

    Raises:
        Refused: FILE-UNREADABLE.
    """
    for name in paths:
        if name == "-":
            yield "-", sys.stdin.buffer.read()
            continue
        for path in _list_files(Path(name), leave_out):
            try:
                yield str(path), path.read_bytes()
            except OSError as error:
                raise _refuse(path, error.strerror or str(error)) from error


def _list_files(path: Path, leave_out: Collection[str]) -> tuple[Path, ...]:
    if not path.is_dir():
        return (path,)
    found = tuple(
        sorted(
            file
            for file in path.rglob("*")
            if file.suffix in _SUFFIXES
            and file.name not in leave_out
            and file.is_file()
            and not any(part.startswith(".") for part in file.relative_to(path).parts)
        )
    )
    if not found:
        raise _refuse(path, "there is no YAML or JSON file in this folder")
    return found


def _refuse(path: Path, why: str) -> Refused:
    return Refused(
        "FILE-UNREADABLE",
        what=f"cannot read '{path}'",
        why=why.lower(),
        fix="name a file or a folder of YAML or JSON documents",
    )
