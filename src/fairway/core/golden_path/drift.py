"""How far a service has gone from its golden path.

Belongs here: comparing what was rendered with what is there now. Never here: reading either.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fairway.core.golden_path import upgrade
from fairway.core.golden_path.golden_path import PathLink
from fairway.core.source.tree import show_path
from fairway.kits.digest import Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class PathDrift:
    """A service beside its path: the versions it has not, oldest first, and the files it changed.

    `problem` says why its files could not be compared, and is empty where they could.
    """

    component: str
    path: str
    version: str
    behind: tuple[str, ...]
    changed: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    problem: str = ""


def make_drift(
    link: PathLink, versions: Iterable[str], files: Mapping[str, Digest], *, problem: str = ""
) -> PathDrift:
    """Return how far a service is whose files have these digests; with a `problem`, none count."""
    drift = PathDrift(
        component=link.component,
        path=link.path,
        version=link.version,
        behind=upgrade.list_behind(link.version, versions),
        problem=problem,
    )
    if problem:
        return drift
    return PathDrift(
        component=drift.component,
        path=drift.path,
        version=drift.version,
        behind=drift.behind,
        changed=_list_paths(
            path for path, made in link.files.items() if files.get(path, made) != made
        ),
        deleted=_list_paths(path for path in link.files if path not in files),
        added=_list_paths(path for path in files if path not in link.files),
    )


def _list_paths(paths: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(map(show_path, paths)))
