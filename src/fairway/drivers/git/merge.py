"""What `git merge-tree --write-tree -z` says.

Belongs here: parsing its output, conflicts in people's words.
"""

import os
from collections.abc import Iterator, Sequence

from fairway.core.golden_path.golden_path import Conflict
from fairway.ports.source_control import Merge

ARGUMENTS = ("merge-tree", "--write-tree", "-z", "--messages", "--allow-unrelated-histories")
_PREFIX = "CONFLICT ("


def parse_merge(output: bytes, *, is_clean: bool) -> Merge:
    """Return the tree and its conflicts, sorted by path."""
    tree, _, rest = output.partition(b"\0")
    if is_clean:
        return Merge(tree=tree.decode(), conflicts=())
    # The list of conflicted files ends with an empty item.
    _, _, messages = rest.partition(b"\0\0")
    found = sorted(_parse_messages(messages.split(b"\0")), key=lambda item: (item.path, item.kind))
    return Merge(tree=tree.decode(), conflicts=tuple(found))


def _parse_messages(items: Sequence[bytes]) -> Iterator[Conflict]:
    """Yield the conflicts among messages: each a number of paths, the paths, a type, a text."""
    place = 0
    while place < len(items) and items[place].strip():
        count = int(items[place])
        paths = [os.fsdecode(path) for path in items[place + 1 : place + 1 + count]]
        kind, text = (item.decode() for item in items[place + 1 + count : place + 3 + count])
        place += 3 + count
        if kind.startswith(_PREFIX):
            yield Conflict(
                path=paths[0] if paths else "",
                kind=kind.removeprefix(_PREFIX).rstrip(")"),
                text=text.strip().partition(": ")[2] or text.strip(),
            )
