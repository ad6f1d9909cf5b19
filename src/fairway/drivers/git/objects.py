"""Writing objects into a repository, without git's processes.

Objects are written aside and moved into place, as git does: one that is there is whole, two
writers of one object do each other no harm, and a writer that was killed leaves nothing that
stands in another's way. `git prune` removes what it left.

Belongs here: dulwich, which is imported when the first object is written: it takes 0.1 s, and a
start of the platform writes none.
"""

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from fairway.core.source.tree import Tree
from fairway.drivers.git.merge_output import Entry
from fairway.ports.source_control import Signature

if TYPE_CHECKING:
    from dulwich.object_store import BaseObjectStore
    from dulwich.objects import ShaFile


class _LooseObjects:
    """The loose objects of a bare repository; as much of a store as writing trees takes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "objects"

    def add_object(self, added: "ShaFile") -> None:
        name = added.id.decode()
        path = self._folder / name[:2] / name[2:]
        if path.exists():
            return
        path.parent.mkdir(exist_ok=True)
        handle, aside = tempfile.mkstemp(prefix="tmp_obj_", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(added.as_legacy_object())
            os.fchmod(file.fileno(), 0o444)
        os.replace(aside, path)  # noqa: PTH105  # a name, as mkstemp gives it


def write_tree(folder: Path, tree: Tree) -> str:
    """Store the files in the bare repository `folder` and return the tree's id."""
    from dulwich.objects import Blob  # noqa: PLC0415

    store = _LooseObjects(folder)
    places = []
    for path, file in sorted(tree.items()):
        blob = Blob.from_string(file.content)
        store.add_object(blob)
        places.append((path, blob.id.decode(), file.mode))
    return _write_folders(store, places)


def write_entries(folder: Path, entries: Mapping[str, Entry]) -> str:
    """Store a tree of blobs that the repository has and return its id."""
    places = [(path, entry.id, entry.mode) for path, entry in sorted(entries.items())]
    return _write_folders(_LooseObjects(folder), places)


def _write_folders(store: _LooseObjects, places: Iterable[tuple[str, str, str]]) -> str:
    from dulwich.index import commit_tree  # noqa: PLC0415
    from dulwich.objects import ObjectID  # noqa: PLC0415

    known = [
        (os.fsencode(path), ObjectID(id_.encode()), int(mode, 8)) for path, id_, mode in places
    ]
    return cast("bytes", commit_tree(cast("BaseObjectStore", store), known)).decode()


def write_commit(
    folder: Path, *, tree: str, parents: Sequence[str], message: str, signature: Signature
) -> str:
    """Store a commit in the bare repository `folder` and return its id."""
    from dulwich.objects import Commit, ObjectID  # noqa: PLC0415

    commit = Commit()
    commit.tree = ObjectID(tree.encode())
    commit.parents = [ObjectID(parent.encode()) for parent in parents]
    commit.author = commit.committer = f"{signature.name} <{signature.email}>".encode()
    commit.author_time = commit.commit_time = int(signature.at.timestamp())
    commit.author_timezone = commit.commit_timezone = 0
    commit.encoding = b"UTF-8"
    commit.message = message.encode()
    _LooseObjects(folder).add_object(commit)
    return commit.id.decode()
