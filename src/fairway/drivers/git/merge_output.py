"""What `git merge-tree --write-tree -z` and `git ls-tree -z` say.

Belongs here: parsing it. Never here: what it means (`merge_rule`).
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a tree: its mode as git writes it, and the id of its content."""

    mode: str
    id: str


Entries: TypeAlias = Mapping[str, Entry]
# The versions of a file that is in conflict: 1 the base's, 2 ours, 3 theirs.
Stages: TypeAlias = Mapping[int, Entry]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What git says of `paths`, the first of them being where the file is now."""

    paths: tuple[str, ...]
    kind: str
    text: str

    @property
    def is_conflict(self) -> bool:
        return self.kind.startswith("CONFLICT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A merged tree, the files in conflict by path, and what git says of them."""

    tree: str
    stages: Mapping[str, Stages]
    messages: tuple[Message, ...]


def parse_output(output: bytes) -> Output:
    """Return what `merge-tree` says; notes on what it merged without trouble are left out."""
    tree, *items = output.split(b"\0")
    end = items.index(b"")  # the list of files ends with an empty item, and is empty if clean
    stages: dict[str, dict[int, Entry]] = {}
    for item in items[:end]:
        head, _, path = item.partition(b"\t")
        mode, id_, stage = head.decode().split()
        stages.setdefault(os.fsdecode(path), {})[int(stage)] = Entry(mode, id_)
    messages = tuple(_parse_messages(items[end + 1 :]))
    return Output(
        tree=tree.decode(),
        stages=stages,
        messages=tuple(message for message in messages if message.kind != "Auto-merging"),
    )


def _parse_messages(items: Sequence[bytes]) -> Iterator[Message]:
    """Yield messages: each a number of paths, the paths, a kind, a text."""
    place = 0
    while place < len(items) and items[place].strip():
        count = int(items[place])
        paths = tuple(os.fsdecode(path) for path in items[place + 1 : place + 1 + count])
        kind, text = (os.fsdecode(item) for item in items[place + 1 + count : place + 3 + count])
        place += 3 + count
        yield Message(paths=paths, kind=kind, text=text.strip())


def parse_entries(output: bytes) -> dict[str, Entry]:
    """Return the files that `ls-tree -r -z` lists, by path."""
    entries = {}
    for line in filter(None, output.split(b"\0")):
        head, _, path = line.partition(b"\t")
        mode, _, id_ = head.decode().split()
        entries[os.fsdecode(path)] = Entry(mode, id_)
    return entries
