"""Writing objects into a repository, without git's processes.

Belongs here: dulwich, which is imported when the first object is written: it takes 0.1 s, and a
start of the platform writes none.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from fairway.core.source.tree import Tree
from fairway.drivers.git.merge_output import Entry
from fairway.ports.source_control import Signature


def write_tree(folder: Path, tree: Tree) -> str:
    """Store the files in the bare repository `folder` and return the tree's id."""
    from dulwich.index import commit_tree  # noqa: PLC0415
    from dulwich.objects import Blob  # noqa: PLC0415
    from dulwich.repo import Repo  # noqa: PLC0415

    with Repo(str(folder)) as repo:
        blobs = [
            (os.fsencode(path), Blob.from_string(file.content), int(file.mode, 8))
            for path, file in sorted(tree.items())
        ]
        repo.object_store.add_objects([(blob, None) for _, blob, _ in blobs])
        places = [(path, blob.id, mode) for path, blob, mode in blobs]
        return cast("bytes", commit_tree(repo.object_store, places)).decode()


def write_entries(folder: Path, entries: Mapping[str, Entry]) -> str:
    """Store a tree of blobs that the repository has and return its id."""
    from dulwich.index import commit_tree  # noqa: PLC0415
    from dulwich.objects import ObjectID  # noqa: PLC0415
    from dulwich.repo import Repo  # noqa: PLC0415

    places = [
        (os.fsencode(path), ObjectID(entry.id.encode()), int(entry.mode, 8))
        for path, entry in sorted(entries.items())
    ]
    with Repo(str(folder)) as repo:
        return cast("bytes", commit_tree(repo.object_store, places)).decode()


def write_commit(
    folder: Path, *, tree: str, parents: Sequence[str], message: str, signature: Signature
) -> str:
    """Store a commit in the bare repository `folder` and return its id."""
    from dulwich.objects import Commit, ObjectID  # noqa: PLC0415
    from dulwich.repo import Repo  # noqa: PLC0415

    commit = Commit()
    commit.tree = ObjectID(tree.encode())
    commit.parents = [ObjectID(parent.encode()) for parent in parents]
    commit.author = commit.committer = f"{signature.name} <{signature.email}>".encode()
    commit.author_time = commit.commit_time = int(signature.at.timestamp())
    commit.author_timezone = commit.commit_timezone = 0
    commit.encoding = b"UTF-8"
    commit.message = message.encode()
    with Repo(str(folder)) as repo:
        repo.object_store.add_object(commit)
    return commit.id.decode()
