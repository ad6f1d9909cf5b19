"""What becomes of files that git could not merge, and how that is said.

The rules, on top of git's own: what a person changed stays in its place, and what theirs has
instead is put beside it under a name that says so; what a person deleted stays deleted, which is
information and no conflict; everything else is a conflict, in a sentence that says what both
sides did. Belongs here: pure functions. Never here: running git (`merge`). Start at `make_plan`.
"""

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from fairway.core.source.conflict import Conflict
from fairway.core.source.tree import show_path
from fairway.drivers.git.merge_output import Entries, Entry, Message, Output, Stages

_LINK = "120000"
_FOLDER_RENAMED = "Path updated due to directory rename"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """The commits that are merged, by which git names the sides, and how people name theirs."""

    ours: str
    theirs: str
    name: str

    @property
    def suffix(self) -> str:
        return "." + re.sub(r"[^A-Za-z0-9._-]+", "-", self.name)

    def name_markers(self, content: bytes) -> bytes:
        """Return `content` with the sides named in its conflict markers."""
        named = content.replace(self.ours.encode(), b"yours")
        return named.replace(self.theirs.encode(), self.name.encode())

    def name_text(self, text: str) -> str:
        """Return what git says with the sides named."""
        return text.replace(self.ours, "your branch").replace(self.theirs, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The files that the merge is to have, and what is to be said of it.

    `texts` are files with conflict markers, with what they were merged from.
    """

    entries: Entries
    conflicts: tuple[Conflict, ...]
    notes: tuple[Conflict, ...]
    texts: Mapping[str, Stages]

    def with_texts(self, entries: Entries, resolved: frozenset[str]) -> "Plan":
        """Return the plan with the contents of its texts; those `resolved` are no conflicts."""
        kept = tuple(
            item
            for item in self.conflicts
            if not (item.path in resolved and item.kind in ("contents", "add/add"))
        )
        return dataclasses.replace(self, entries=entries, conflicts=kept)


@dataclass(slots=True)
class _Draft:
    """A plan in the making."""

    output: Output
    sides: Sides
    entries: dict[str, Entry]
    stages: dict[str, Stages]
    conflicts: list[Conflict] = field(default_factory=list)
    notes: list[Conflict] = field(default_factory=list)
    texts: dict[str, Stages] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)

    def add_conflict(self, path: str, kind: str, text: str) -> None:
        self.conflicts.append(Conflict(path=show_path(path), kind=kind, text=show_path(text)))

    def add_note(self, path: str, kind: str, text: str) -> None:
        self.notes.append(Conflict(path=show_path(path), kind=kind, text=show_path(text)))

    def put_beside(self, path: str, entry: Entry) -> str:
        """Put theirs beside `path`, and return where it is."""
        wanted = path + self.sides.suffix
        place, number = wanted, 2
        while self.is_taken(place):
            place, number = f"{wanted}-{number}", number + 1
        self.entries[place] = entry
        return place

    def is_taken(self, path: str) -> bool:
        return any(known == path or known.startswith(f"{path}/") for known in self.entries)


def make_plan(output: Output, entries: Entries, sides: Sides) -> Plan:
    """Return the files and the words for what `merge-tree` gave with `entries` as its tree."""
    draft = _Draft(output, sides, dict(entries), dict(output.stages))
    _lead_back(draft)
    for message in output.messages:
        if message.kind == "CONFLICT (rename/rename)" and len(message.paths) == 3:
            _keep_own_name(draft, message)
    origins = {
        message.paths[0]: message.paths[1]
        for message in output.messages
        if message.kind == "CONFLICT (rename/delete)"
    }
    for path, stages in sorted(draft.stages.items()):
        if path not in draft.settled:
            _settle(draft, path, stages, origin=origins.get(path))
    _say_rest(draft)
    return Plan(
        entries=draft.entries,
        conflicts=tuple(sorted(draft.conflicts, key=_get_order)),
        notes=tuple(sorted(draft.notes, key=_get_order)),
        texts=draft.texts,
    )


def _lead_back(draft: _Draft) -> None:
    """Undo git's `name~side` for files that are in the way of a folder or of another type."""
    sides = draft.sides
    pattern = re.compile(rf"(.*)~({sides.ours}|{sides.theirs})(_\d+)?", re.DOTALL)
    moved = [match for path in sorted(draft.entries) if (match := pattern.fullmatch(path))]
    for match in moved:
        path, is_ours = match[1], match[2] == sides.ours
        entry = draft.entries.pop(match[0])
        draft.settled |= {match[0], path}
        if not is_ours:
            place = draft.put_beside(path, entry)
            kind = "folder" if _has_folder(draft, path) else "file"
            text = f"you have a {kind} of this name, and in {sides.name} it is something else"
        else:
            kind, place = _clear_way(draft, path)
            draft.entries[path] = entry
            text = f"you have a file of this name, and in {sides.name} it is a {kind}"
        draft.add_conflict(
            path, "type", f"{text}; yours is kept, the other is beside it as {_quote(place)}"
        )


def _has_folder(draft: _Draft, path: str) -> bool:
    return any(known.startswith(f"{path}/") for known in draft.entries)


def _clear_way(draft: _Draft, path: str) -> tuple[str, str]:
    """Put beside what theirs has at `path`; return what that is, and where it is now."""
    if path in draft.entries:
        entry = draft.entries.pop(path)
        return "symbolic link" if entry.mode == _LINK else "file", draft.put_beside(path, entry)
    inside = {
        known: entry for known, entry in draft.entries.items() if known.startswith(f"{path}/")
    }
    place = path + draft.sides.suffix
    for known, entry in inside.items():
        del draft.entries[known]
        draft.entries[place + known.removeprefix(path)] = entry
        if known in draft.stages:
            draft.stages[place + known.removeprefix(path)] = draft.stages.pop(known)
    return "folder", place


def _keep_own_name(draft: _Draft, message: Message) -> None:
    """Keep one file of the two that git makes when each side gave it another name."""
    before, ours, theirs = message.paths
    draft.settled.add(before)
    is_one = draft.entries.get(ours) == draft.entries.get(theirs)
    if not is_one or set(draft.stages.get(theirs, ())) != {3} or ours not in draft.entries:
        return
    del draft.entries[theirs]
    draft.settled |= {ours, theirs}
    draft.texts[ours] = draft.stages[ours]
    draft.add_conflict(
        ours,
        "rename",
        f"you renamed {_quote(before)} to this, and {draft.sides.name} renamed it to "
        f"{_quote(theirs)}; your name is kept, with the changes of both",
    )


def _settle(draft: _Draft, path: str, stages: Stages, *, origin: str | None) -> None:
    match sorted(stages):
        case [1, 3]:
            draft.entries.pop(path, None)
            _note_deleted(draft, path, origin)
        case [1, 2]:
            _keep_deleted(draft, path, origin)
        case [2, 3] | [1, 2, 3]:
            _settle_both(draft, path, stages)


def _note_deleted(draft: _Draft, path: str, origin: str | None) -> None:
    name = draft.sides.name
    said = f"renamed it to {_quote(path)}" if origin else "changed it"
    text = f"you deleted it, and {name} {said}; it stays deleted"
    draft.add_note(origin or path, "deleted", text)


def _keep_deleted(draft: _Draft, path: str, origin: str | None) -> None:
    name = draft.sides.name
    said = f"renamed it from {_quote(origin)}" if origin else "changed it"
    text = f"you {said}, and {name} deleted it; yours is kept"
    draft.add_conflict(path, "modify/delete", text)


def _settle_both(draft: _Draft, path: str, stages: Stages) -> None:
    name, ours, theirs = draft.sides.name, stages[2], stages[3]
    verb = "changed" if 1 in stages else "added"
    if ours.id == theirs.id:
        draft.entries[path] = ours
        is_program = ours.mode == "100755"
        text = f"you made it {'' if is_program else 'not '}executable, and {name} did not agree"
        draft.add_conflict(path, "mode", f"{text}; yours is kept")
        return
    if _LINK in (ours.mode, theirs.mode) or _is_binary(draft, path):
        draft.entries[path] = ours
        place = draft.put_beside(path, theirs)
        kind = "symlink" if ours.mode == _LINK else "binary"
        text = f"you and {name} both {verb} it, and it has no lines to merge"
        draft.add_conflict(
            path, kind, f"{text}; yours is kept, the other is beside it as {_quote(place)}"
        )
        return
    draft.texts[path] = stages
    if ours.mode != theirs.mode and (1 not in stages):
        draft.entries[path] = dataclasses.replace(draft.entries[path], mode=ours.mode)
    if 1 in stages:
        text = f"you and {name} changed the same lines; both are between markers"
        draft.add_conflict(path, "contents", text)
    else:
        text = f"you and {name} both added it, with different content; both are between markers"
        draft.add_conflict(path, "add/add", text)


def _is_binary(draft: _Draft, path: str) -> bool:
    return any(
        message.kind == "CONFLICT (binary)" and path in message.paths
        for message in draft.output.messages
    )


# What the rules above speak of in their own words.
_TOLD = frozenset(
    f"CONFLICT ({kind})"
    for kind in (
        "binary", "contents", "distinct modes", "file/directory", "modify/delete", "rename/delete",
        "rename/rename",
    )
)  # fmt: skip


def _say_rest(draft: _Draft) -> None:
    """Say in git's words what no rule knows, and what moved with its folder."""
    for message in draft.output.messages:
        text = draft.sides.name_text(message.text.partition(": ")[2] or message.text)
        path = message.paths[0] if message.paths else ""
        if message.kind == _FOLDER_RENAMED:
            draft.add_note(path, "moved", text)
        elif message.is_conflict and message.kind not in _TOLD:
            kind = message.kind.removeprefix("CONFLICT").strip(" ()")
            draft.add_conflict(path, kind, text)


def _get_order(conflict: Conflict) -> tuple[str, str]:
    return conflict.path, conflict.kind


def _quote(path: str) -> str:
    return f"'{show_path(path)}'"
