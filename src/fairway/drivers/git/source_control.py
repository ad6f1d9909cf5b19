"""Repositories in a folder: start here.

Belongs here: the port's methods over git and dulwich. Never here: parsing a merge (`merge`), the
protocol of clients.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from fairway.core.source.tree import FileMode, Tree, TreeFile
from fairway.drivers.git import merge as merges
from fairway.drivers.git import objects
from fairway.drivers.git.command import MARK, PLATFORM, GitError, make_environment, run_git
from fairway.drivers.git.origin import Origin
from fairway.kits.errors import Refused, Unavailable
from fairway.ports.source_control import (
    CommitEntry,
    Merge,
    OriginMove,
    Signature,
    SourceControl,
    TreeEntry,
)

_MODES = ("100644", "100755", "120000")
_SUBMODULE = "160000"
_NOWHERE = "0" * 40
_LOG_FORMAT = "%H%x00%T%x00%P%x00%an%x00%ae%x00%at%x00%B%x00%x01"


class GitSourceControl(SourceControl):
    """Bare repositories below `root`, each in `<name>.git`."""

    def __init__(self, root: Path, *, quarantine: Mapping[str, str] | None = None) -> None:
        self._root = root
        self._marks = {MARK: str(root), **PLATFORM}
        self._environment = {**make_environment(objects=quarantine), **self._marks}

    def create(self, repository: str, *, default_branch: str) -> None:
        if self.has(repository):
            return
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Made aside and moved into place: a repository is whole or absent.
        made = Path(tempfile.mkdtemp(prefix=f".{repository}-", dir=self._root))
        try:
            run_git(
                made,
                "init",
                "--quiet",
                "--bare",
                "--template=",
                f"--initial-branch={default_branch}",
                environment=self._environment,
            )
            made.rename(self._locate(repository))
        except OSError:
            shutil.rmtree(made, ignore_errors=True)
            if not self.has(repository):  # else another thread was faster
                raise

    def remove(self, repository: str) -> None:
        if not self.has(repository):
            return
        gone = Path(tempfile.mkdtemp(prefix=f".{repository}-", dir=self._root))
        self._locate(repository).rename(gone / "gone")
        shutil.rmtree(gone, ignore_errors=True)

    def has(self, repository: str) -> bool:
        return (self._locate(repository) / "HEAD").is_file()

    def list_all(self) -> tuple[str, ...]:
        if not self._root.is_dir():
            return ()
        names = (path.name for path in self._root.iterdir())
        return tuple(
            sorted(
                name.removesuffix(".git")
                for name in names
                if name.endswith(".git") and not name.startswith(".")
            )
        )

    def get_path(self, repository: str) -> Path:
        path = self._locate(repository)
        if not (path / "HEAD").is_file():
            raise Refused(
                "REPOSITORY-UNKNOWN",
                what=f"cannot use repository '{repository}'",
                why="there is no such repository",
                fix="see those there are with: fairway repo list",
                status=404,
            )
        return path

    def with_objects(self, environment: Mapping[str, str]) -> "GitSourceControl":
        return GitSourceControl(self._root, quarantine=environment)

    def list_refs(self, repository: str, *, prefix: str = "refs/heads/") -> Mapping[str, str]:
        output = self._git(
            repository, "for-each-ref", "--format=%(refname)%00%(objectname)%00%(*objectname)"
        )
        refs: dict[str, str] = {}
        for line in output.decode().splitlines():
            name, id_, peeled = line.split("\0")
            if name.startswith(prefix):
                refs[name] = peeled or id_
        return refs

    def find_commit(self, repository: str, commit: str) -> CommitEntry | None:
        return next(iter(self.list_commits(repository, commit, limit=1)), None)

    def list_commits(
        self, repository: str, commit: str, *, excluding: Sequence[str] = (), limit: int = 100
    ) -> tuple[CommitEntry, ...]:
        try:
            output = self._git(
                repository,
                "log",
                "--no-show-signature",
                f"--max-count={limit}",
                f"--format={_LOG_FORMAT}",
                "--end-of-options",
                commit,
                *(f"^{other}" for other in excluding),
                "--",
            )
        except GitError:
            return ()
        parts = output.decode(errors="replace").split("\0\x01\n")
        return tuple(_parse_commit(part) for part in parts if part)

    def is_ancestor(self, repository: str, ancestor: str, commit: str) -> bool:
        folder = self.get_path(repository)
        arguments = ("merge-base", "--is-ancestor", ancestor, commit)
        # 128: one of them is not here.
        code, _ = run_git(folder, *arguments, environment=self._environment, accepted=(0, 1, 128))
        return code == 0

    def list_tree(self, repository: str, commit: str) -> tuple[TreeEntry, ...]:
        return tuple(self._list_tree(repository, commit))

    def find_file(self, repository: str, commit: str, path: str) -> TreeFile | None:
        try:
            entries = [item for item in self._list_tree(repository, commit, path) if item.size >= 0]
        except GitError:
            return None
        if [entry.path for entry in entries] != [path]:
            return None
        (content,) = self._read_blobs(repository, [entries[0].id])
        return TreeFile(content, cast("FileMode", entries[0].mode))

    def read_tree(self, repository: str, commit: str) -> Tree:
        entries = self.list_tree(repository, commit)
        for entry in entries:
            if entry.mode == _SUBMODULE:
                raise Refused(
                    "SOURCE-SUBMODULE",
                    what=f"cannot read commit {commit[:12]} of repository '{repository}'",
                    why=f"'{entry.path}' is a submodule",
                    fix="add the files themselves, or depend on a released package",
                )
        contents = self._read_blobs(repository, [entry.id for entry in entries])
        return {
            entry.path: TreeFile(content, _parse_mode(entry.mode))
            for entry, content in zip(entries, contents, strict=True)
        }

    def export(self, repository: str, commit: str, folder: Path) -> None:
        for name, file in self.read_tree(repository, commit).items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if file.mode == "120000":
                path.symlink_to(os.fsdecode(file.content))
                continue
            path.write_bytes(file.content)
            path.chmod(0o755 if file.mode == "100755" else 0o644)

    def write_tree(self, repository: str, tree: Tree) -> str:
        return objects.write_tree(self.get_path(repository), tree)

    def write_commit(
        self,
        repository: str,
        *,
        tree: str,
        parents: Sequence[str],
        message: str,
        signature: Signature,
    ) -> str:
        return objects.write_commit(
            self.get_path(repository),
            tree=tree,
            parents=parents,
            message=message,
            signature=signature,
        )

    def move_ref(self, repository: str, ref: str, *, to: str, expected: str) -> None:
        current = self.list_refs(repository, prefix=ref).get(ref, "")
        if current == to:
            return
        change = ("-d", ref) if not to else (ref, to)
        try:
            if current != expected:
                raise GitError("update-ref", 1, "it moved")
            self._git(repository, "update-ref", "--no-deref", *change, expected or _NOWHERE)
        except GitError as error:
            current = self.list_refs(repository, prefix=ref).get(ref, "")
            if current == to:
                return
            if current == expected:
                raise
            raise Refused(
                "REF-MOVED",
                what=f"cannot move '{ref}' of repository '{repository}'",
                why=f"it leads to {current[:12] or 'nothing'}, not {expected[:12] or 'nothing'}",
                fix="look at what was pushed meanwhile, and try again",
                status=409,
            ) from error

    def set_default_branch(self, repository: str, branch: str) -> None:
        self._git(repository, "symbolic-ref", "HEAD", f"refs/heads/{branch}")

    def merge(
        self, repository: str, *, base: str, ours: str, theirs: str, name: str = "theirs"
    ) -> Merge:
        """Merge by git's own strategy, on commits made for it: only they carry a merge base."""
        root = self._write_synthetic(repository, base, ())
        sides = [self._write_synthetic(repository, item, (root,)) for item in (ours, theirs)]
        folder = self.get_path(repository)
        return merges.merge_commits(folder, *sides, name=name, environment=self._environment)

    def fetch(self, repository: str, url: str, *, credentials: str = "") -> bool:
        before = self.list_refs(repository, prefix="refs/")
        specs = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
        self._get_origin(url, credentials).fetch(self.get_path(repository), *specs)
        return self.list_refs(repository, prefix="refs/") != before

    def find_origin_state(self, url: str, *, credentials: str = "", known: str = "") -> str | None:
        return self._get_origin(url, credentials).find_state(known)

    def follow(
        self,
        repository: str,
        url: str,
        *,
        credentials: str = "",
        is_protected: Callable[[str], bool],
    ) -> tuple[OriginMove, ...]:
        return self._get_origin(url, credentials).follow(self.get_path(repository), is_protected)

    def find_mover(self, repository: str, ref: str) -> str:
        log = self.get_path(repository) / "logs" / ref
        return _parse_mover(log.read_bytes()) if log.is_file() else ""

    def bundle(self, repository: str, path: Path) -> None:
        if not self.list_refs(repository, prefix="refs/"):
            raise Refused(
                "REPOSITORY-EMPTY",
                what=f"cannot back up repository '{repository}'",
                why="nothing was pushed to it yet",
                fix="push something first",
                status=409,
            )
        draft = path.with_suffix(".draft")
        self._git(repository, "bundle", "create", "--quiet", str(draft), "--all")
        draft.chmod(0o600)
        draft.replace(path)

    def collect_garbage(self, repository: str) -> None:
        try:
            self._git(repository, "gc", "--quiet", "--prune=2.weeks.ago")
        except GitError as error:
            raise Unavailable(
                "GIT-FAILED",
                what=f"cannot pack repository '{repository}'",
                why=error.text or f"git exited with {error.code}",
                fix=f"see what is wrong with: git --git-dir={self._locate(repository)} fsck",
            ) from error

    def _get_origin(self, url: str, credentials: str) -> Origin:
        return Origin(url, credentials, environment=self._marks)

    def _locate(self, repository: str) -> Path:
        return self._root / f"{repository}.git"

    def _git(self, repository: str, *arguments: str, stdin: bytes = b"") -> bytes:
        folder = self.get_path(repository)
        return run_git(folder, *arguments, environment=self._environment, stdin=stdin)[1]

    def _list_tree(self, repository: str, commit: str, *paths: str) -> Iterator[TreeEntry]:
        output = self._git(
            repository, "ls-tree", "-r", "-l", "-z", "--full-tree", commit, "--", *paths
        )
        for line in output.split(b"\0"):
            if line:
                head, _, path = line.partition(b"\t")
                mode, _, id_, size = head.decode().split()
                yield TreeEntry(
                    path=os.fsdecode(path),
                    mode=mode,
                    id=id_,
                    size=-1 if size == "-" else int(size),
                )

    def _read_blobs(self, repository: str, ids: Sequence[str]) -> list[bytes]:
        if not ids:
            return []
        output = self._git(
            repository, "cat-file", "--batch", stdin="".join(f"{id_}\n" for id_ in ids).encode()
        )
        contents: list[bytes] = []
        start = 0
        for _ in ids:
            end = output.index(b"\n", start)
            size = int(output[start:end].split()[2])
            contents.append(output[end + 1 : end + 1 + size])
            start = end + size + 2
        return contents

    def _write_synthetic(self, repository: str, item: str, parents: Sequence[str]) -> str:
        tree = self._git(repository, "rev-parse", "--verify", f"{item}^{{tree}}").decode().strip()
        never = Signature(name="-", email="-", at=datetime.fromtimestamp(0, UTC))
        return self.write_commit(
            repository, tree=tree, parents=parents, message="-", signature=never
        )


def _parse_mode(mode: str) -> FileMode:
    # Very old repositories have 100664 and the like: git itself reads them as plain files.
    return cast("FileMode", mode) if mode in _MODES else "100644"


def _parse_mover(log: bytes) -> str:
    """Return the name in the last line: `<before> <after> <name> <<email>> <seconds> <zone>`."""
    last = (log.splitlines() or [b""])[-1]
    return last.partition(b" <")[0].split(b" ", 2)[-1].decode(errors="replace")


def _parse_commit(text: str) -> CommitEntry:
    id_, tree, parents, name, email, at, message = text.split("\0", 6)
    signature = Signature(name=name, email=email, at=datetime.fromtimestamp(int(at), UTC))
    return CommitEntry(
        id=id_, tree=tree, parents=tuple(parents.split()), author=signature, message=message
    )
