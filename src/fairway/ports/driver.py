"""What a driver's factory gets.

Belongs here: the context in which entry points of the groups `fairway.targets` and
`fairway.provisioners` are called. Built-in drivers come through the same door as all others.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fairway.kits.digest import Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverContext:
    """`home` is the platform's folder; a driver keeps what it needs below `home/<its name>`.

    `data_root`, where given, is a folder for data of servers that run under another account.

    `unpack` gives the folder of an artifact's tree; `python` is the interpreter that bundles
    were built for.
    """

    home: Path
    data_root: Path | None = None
    unpack: Callable[[Digest], Path]
    python: Path
