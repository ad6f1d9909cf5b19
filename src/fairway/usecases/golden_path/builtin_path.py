"""The built-in golden paths: published like anybody's, from folders that come with Fairway.

Belongs here: committing a folder to its repository and tagging it. Start at `publish_builtin`.
"""

import os
import re
import threading
from pathlib import Path

from fairway.core.source.repository import Repository
from fairway.core.source.tree import Tree, TreeFile
from fairway.kits.errors import Refused
from fairway.ports.source_control import Signature
from fairway.usecases.golden_path import publish_path
from fairway.usecases.platform import Actor, Platform

# The queue's kind of keys, which are names of built-in paths.
BUILTIN_PATH = "builtin-path"
# Only one control plane has the home; within it, a person may be as fast as the loop.
_ONE_AT_A_TIME = threading.Lock()
_SELF = Actor(name="fairway", is_admin=True)
_OWNER = "group:platform"
_BRANCH = "refs/heads/main"
_VERSION = re.compile(r"^## (v[0-9][0-9A-Za-z.]*)", re.MULTILINE)


def make_repository_name(path: str) -> str:
    """Return the name of the repository that holds a built-in path."""
    return f"golden-path-{path}"


def mark_builtin(platform: Platform) -> None:
    """Have every built-in path looked at soon."""
    with platform.store.write() as tx:
        for name in platform.builtin_paths:
            tx.queue.mark(BUILTIN_PATH, name)


def publish_builtin(platform: Platform, path: str) -> None:
    """Publish the version that this Fairway brings, unless it was published before.

    Versions that others published, and what they committed to the repository, stay: the built-in
    version is a tag, and the default branch follows it only while nobody else moved that.
    """
    folder = platform.builtin_paths.get(path)
    if folder is None:
        return
    tree = _read_folder(folder)
    tag = _find_version(tree, folder)
    repository = make_repository_name(path)
    with _ONE_AT_A_TIME:
        with platform.store.read() as tx:
            if tx.golden_paths.find_version(path, tag) is not None:
                return
        _make_repository(platform, repository)
        _commit(platform, repository, tree, tag)
        publish_path.publish_path(platform, _SELF, repository=repository, tag=tag)


def ensure_builtin(platform: Platform, path: str) -> None:
    """Publish a built-in path that has no version yet: the first start has only just begun."""
    if path not in platform.builtin_paths:
        return
    with platform.store.read() as tx:
        is_published = bool(tx.golden_paths.list_versions(path))
    if not is_published:
        publish_builtin(platform, path)


def _find_version(tree: Tree, folder: Path) -> str:
    changelog = tree.get("CHANGELOG.md")
    match = _VERSION.search(changelog.content.decode()) if changelog else None
    if match is None:
        raise Refused(
            "PATH-TAG-INVALID",
            what=f"cannot publish the built-in golden path in '{folder.name}'",
            why="its CHANGELOG.md has no heading such as '## v1'",
            fix="reinstall Fairway",
        )
    return match[1]


def _read_folder(folder: Path) -> Tree:
    """Return the files below `folder`, without what tools leave behind."""
    tree: dict[str, TreeFile] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if "__pycache__" in name:
            continue
        if path.is_symlink():
            tree[name] = TreeFile(os.fsencode(path.readlink()), "120000")
        elif path.is_file():
            is_executable = bool(path.stat().st_mode & 0o100)
            tree[name] = TreeFile(path.read_bytes(), "100755" if is_executable else "100644")
    return tree


def _make_repository(platform: Platform, name: str) -> None:
    platform.source_control.create(name, default_branch="main")
    with platform.store.write() as tx:
        if tx.repositories.find(name) is None:
            tx.repositories.put(
                Repository(
                    name=name,
                    owner=_OWNER,
                    created_at=platform.clock.now(),
                    created_by=_SELF.name,
                )
            )


def _commit(platform: Platform, repository: str, tree: Tree, tag: str) -> None:
    """Commit the tree on the last built-in version, and tag it; repeating it is a no-op."""
    control = platform.source_control
    refs = control.list_refs(repository, prefix="refs/")
    tags = {ref: id_ for ref, id_ in refs.items() if ref.startswith("refs/tags/")}
    head, ref = refs.get(_BRANCH, ""), f"refs/tags/{tag}"
    is_ours = not head or head in tags.values()
    if ref not in tags:
        tags[ref] = control.write_commit(
            repository,
            tree=control.write_tree(repository, tree),
            parents=[head] if head and is_ours else [],
            message=f"Publish {tag}\n",
            signature=Signature(name="Fairway", email="fairway@localhost", at=platform.clock.now()),
        )
        control.move_ref(repository, ref, to=tags[ref], expected="")
    if is_ours:
        control.move_ref(repository, _BRANCH, to=tags[ref], expected=head)
