"""Rules of upgrades: which version is next, which answers go with it, how it is told.

Belongs here: pure functions over links, versions and trees. Never here: rendering, merging.
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from fairway.core.golden_path import version
from fairway.core.golden_path.golden_path import PathLink, PathVersion
from fairway.core.source.conflict import Conflict
from fairway.core.source.tree import Tree, TreeFile, show_path
from fairway.kits.canonical import JsonObject
from fairway.kits.errors import Refused

# The last line of a commit that brings a component to a version of its path.
TRAILER = "Fairway-Path"
# Branches below this are the platform's own, in every repository.
OFFERED = "fairway/"
MOST_LINES = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDiff:
    """What became of a file; `text` is a unified diff, or empty where there are no lines."""

    path: str
    action: Literal["added", "changed", "removed"]
    text: str


def choose_version(
    link: PathLink, versions: Iterable[PathVersion], *, to: str = "", is_downgrade: bool = False
) -> PathVersion:
    """Return the version to bring a component to: `to`, or the newest.

    Raises:
        Refused: PATH-UNKNOWN, PATH-VERSION-UNKNOWN, PATH-DOWNGRADE.
    """
    known = {item.version: item for item in versions}
    what = f"cannot upgrade '{link.component}'"
    if not known:
        raise Refused(
            "PATH-UNKNOWN",
            what=what,
            why=f"no version of its golden path '{link.path}' is published",
            fix="see those there are with: fairway path list",
            status=404,
        )
    found = known.get(to or version.find_newest(known) or "")
    if found is None:
        raise Refused(
            "PATH-VERSION-UNKNOWN",
            what=what,
            why=f"'{to}' of golden path '{link.path}' was not published; the versions are "
            f"{', '.join(sort_versions(known))}",
            fix="use one of these",
            status=404,
        )
    if is_older(found.version, link.version) and not is_downgrade:
        if not to:
            return known.get(link.version, found)
        raise Refused(
            "PATH-DOWNGRADE",
            what=what,
            why=f"it is at {link.version}, which is newer than {found.version}",
            fix="leave --to out, or say --downgrade",
            status=409,
        )
    return found


def is_older(one: str, other: str) -> bool:
    """Return whether version `one` comes before `other`."""
    left, right = version.parse_version(one), version.parse_version(other)
    return left is not None and right is not None and left < right


def sort_versions(versions: Iterable[str]) -> tuple[str, ...]:
    """Return the versions, oldest first; tags that are none come before all."""
    parsed = [(version.parse_version(item), item) for item in versions]
    others = sorted(tag for found, tag in parsed if found is None)
    known = sorted((found, tag) for found, tag in parsed if found is not None)
    return (*others, *(tag for _, tag in known))


def list_behind(current: str, versions: Iterable[str]) -> tuple[str, ...]:
    """Return the versions after `current` up to the newest that is no pre-release."""
    known = tuple(versions)
    newest = version.find_newest(known)
    if newest is None:
        return ()
    return tuple(
        item
        for item in sort_versions(known)
        if is_older(current, item) and not is_older(newest, item)
    )


def keep_answers(answers: JsonObject, parameters: JsonObject) -> JsonObject:
    """Return those answers that the parameters still ask for."""
    asked = _get_properties(parameters)
    return {key: value for key, value in answers.items() if key in asked}


def list_new_parameters(before: JsonObject, after: JsonObject) -> JsonObject:
    """Return the schemas of the parameters that only `after` has, by name."""
    known = _get_properties(before)
    return {key: value for key, value in _get_properties(after).items() if key not in known}


def list_secret_parameters(parameters: JsonObject) -> tuple[str, ...]:
    """Return the names of parameters whose answers are kept nowhere."""
    return tuple(
        key
        for key, value in _get_properties(parameters).items()
        if isinstance(value, Mapping) and value.get("writeOnly") is True
    )


def _get_properties(parameters: JsonObject) -> JsonObject:
    found = parameters.get("properties")
    return found if isinstance(found, Mapping) else {}


def make_branch(path: str, version_: str, number: int = 1) -> str:
    """Return the name of an offer's branch; `number` tells it from those that people took over."""
    return f"{OFFERED}{path}-{version_}" + (f"-{number}" if number > 1 else "")


def make_message(
    link: PathLink, to: str, conflicts: Iterable[Conflict], notes: Iterable[Conflict]
) -> str:
    """Return the message of the commit that brings a component to version `to`."""
    lines = [f"Upgrade {link.path} from {link.version} to {to}"]
    for title, items in (("To be resolved", tuple(conflicts)), ("To be known", tuple(notes))):
        if items:
            lines += ["", f"{title}:", *(f"- {item.path}: {item.text}" for item in items)]
    return "\n".join([*lines, "", make_trailer(link.path, to), ""])


def make_trailer(path: str, version_: str) -> str:
    """Return the line by which a commit says which version of which path it brings."""
    return f"{TRAILER}: {path}@{version_}"


def has_trailer(message: str, path: str, version_: str) -> bool:
    """Return whether the commit with this message brings that version."""
    return make_trailer(path, version_) in map(str.strip, message.splitlines())


def make_diffs(before: Tree, after: Tree) -> tuple[FileDiff, ...]:
    """Return the files in which two trees differ, by path."""
    return tuple(
        _make_diff(show_path(path), before.get(path), after.get(path))
        for path in sorted({*before, *after})
        if before.get(path) != after.get(path)
    )


def _make_diff(path: str, before: TreeFile | None, after: TreeFile | None) -> FileDiff:
    action: Literal["added", "changed", "removed"] = (
        "added" if before is None else "removed" if after is None else "changed"
    )
    old, new = _read_lines(before), _read_lines(after)
    if old is None or new is None or len(old) + len(new) > MOST_LINES:
        return FileDiff(path=path, action=action, text="")
    names = (f"a/{path}" if before else "/dev/null", f"b/{path}" if after else "/dev/null")
    found = [line.rstrip("\n") for line in difflib.unified_diff(old, new, *names)]
    if before and after and before.mode != after.mode:
        found = [f"mode {before.mode} → {after.mode}", *found]
    return FileDiff(path=path, action=action, text="\n".join(found))


def _read_lines(file: TreeFile | None) -> list[str] | None:
    if file is None:
        return []
    try:
        return (
            file.content.decode().splitlines(keepends=True) if b"\0" not in file.content else None
        )
    except UnicodeDecodeError:
        return None
