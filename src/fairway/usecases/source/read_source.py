"""Looking into a repository: branches, commits, folders, files.

Belongs here: what a ref, a commit or a path means that a person wrote.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from fairway.core.source.repository import BRANCHES, TAGS, Repository
from fairway.core.source.tree import TreeFile
from fairway.kits.errors import Refused
from fairway.ports.source_control import CommitEntry, TreeEntry
from fairway.usecases.platform import Platform
from fairway.usecases.source import manage_repositories

MOST_FILE_BYTES = 8 * 1024**2
_COMMIT = re.compile(r"[0-9a-f]{4,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a repository holds: the newest commit of each branch, and its tags."""

    branches: Mapping[str, CommitEntry]
    tags: Mapping[str, str]


def read_contents(platform: Platform, name: str) -> Contents:
    """Return the repository's branches and tags, by name.

    Raises:
        Refused: REPOSITORY-UNKNOWN.
    """
    control = platform.source_control
    refs = control.list_refs(name, prefix="refs/")
    found = {
        ref.removeprefix(BRANCHES): control.find_commit(name, commit)
        for ref, commit in refs.items()
        if ref.startswith(BRANCHES)
    }
    return Contents(
        branches={branch: commit for branch, commit in found.items() if commit is not None},
        tags={ref.removeprefix(TAGS): id_ for ref, id_ in refs.items() if ref.startswith(TAGS)},
    )


def find_commit(platform: Platform, name: str, wanted: str) -> CommitEntry:
    """Return the commit that a branch, a tag or an id names; empty: the default branch's newest.

    Raises:
        Refused: REPOSITORY-UNKNOWN, COMMIT-UNKNOWN.
    """
    repository = _get(platform, name)
    control = platform.source_control
    wanted = wanted or repository.default_branch
    refs = control.list_refs(name, prefix="refs/")
    id_ = refs.get(BRANCHES + wanted) or refs.get(TAGS + wanted)
    if id_ is None and _COMMIT.fullmatch(wanted):
        id_ = wanted
    found = control.find_commit(name, id_) if id_ else None
    if found is None:
        raise Refused(
            "COMMIT-UNKNOWN",
            what=f"cannot find '{wanted}' in repository '{name}'",
            why="no branch, tag or commit is called so",
            fix=f"see what there is with: fairway repo show {name}",
            status=404,
        )
    return found


def list_commits(
    platform: Platform, name: str, wanted: str, *, limit: int
) -> tuple[CommitEntry, ...]:
    """Return the history that leads to `wanted`, newest first; none of an empty repository.

    Raises:
        Refused: REPOSITORY-UNKNOWN, COMMIT-UNKNOWN.
    """
    if not wanted and not platform.source_control.list_refs(name, prefix=BRANCHES):
        _get(platform, name)
        return ()
    start = find_commit(platform, name, wanted)
    return platform.source_control.list_commits(name, start.id, limit=limit)


def list_folder(
    platform: Platform, name: str, wanted: str, path: str
) -> Mapping[str, TreeEntry | None]:
    """Return what is directly below `path`, by name: a file, or None for a folder.

    Raises:
        Refused: REPOSITORY-UNKNOWN, COMMIT-UNKNOWN, PATH-MISSING.
    """
    commit = find_commit(platform, name, wanted)
    prefix = f"{path.strip('/')}/" if path.strip("/") else ""
    entries: dict[str, TreeEntry | None] = {}
    for entry in platform.source_control.list_tree(name, commit.id):
        if entry.path.startswith(prefix):
            first, slash, _ = entry.path.removeprefix(prefix).partition("/")
            entries[first] = None if slash else entry
    if prefix and not entries:
        raise _refuse_path(name, path, "there is no such folder")
    return dict(sorted(entries.items()))


def read_file(platform: Platform, name: str, wanted: str, path: str) -> TreeFile:
    """Return one file.

    Raises:
        Refused: REPOSITORY-UNKNOWN, COMMIT-UNKNOWN, PATH-MISSING, FILE-TOO-LARGE.
    """
    commit = find_commit(platform, name, wanted)
    entries = platform.source_control.list_tree(name, commit.id)
    size = next((entry.size for entry in entries if entry.path == path), -1)
    if size > MOST_FILE_BYTES:
        raise Refused(
            "FILE-TOO-LARGE",
            what=f"cannot show '{path}' of repository '{name}'",
            why=f"it has {size} bytes; the most is {MOST_FILE_BYTES}",
            fix=f"clone the repository: fairway clone {name}",
            status=413,
        )
    file = platform.source_control.find_file(name, commit.id, path) if size >= 0 else None
    if file is None:
        raise _refuse_path(name, path, "there is no such file")
    return file


def _get(platform: Platform, name: str) -> Repository:
    with platform.store.read() as tx:
        return manage_repositories.get_repository(tx, name)


def _refuse_path(name: str, path: str, why: str) -> Refused:
    return Refused(
        "PATH-MISSING",
        what=f"cannot show '{path}' of repository '{name}'",
        why=why,
        fix="look at the folder above it",
        status=404,
    )
