"""Keeping repositories of source.

Belongs here: the contract of a host of git repositories. Never here: who may do what
(`usecases`), the protocol that clients speak (`api`).
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from fairway.core.source.conflict import Conflict
from fairway.core.source.repository import RefUpdate
from fairway.core.source.tree import Tree, TreeFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Who made a commit, and when."""

    name: str
    email: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitEntry:
    """A commit; `message` is whole, its first line the subject."""

    id: str
    tree: str
    parents: tuple[str, ...]
    author: Signature
    message: str

    @property
    def subject(self) -> str:
        return self.message.partition("\n")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeEntry:
    """A file of a commit; `size` in bytes, `id` that of its blob; `mode` as git writes it."""

    path: str
    mode: str
    id: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """A merged tree, by its id; with conflicts, their markers are in it.

    `notes` are what a person may want to know and need not act on: a file that they deleted and
    that stays so though theirs changed it, a file that moved with its folder.
    """

    tree: str
    conflicts: tuple[Conflict, ...]
    notes: tuple[Conflict, ...] = ()

    @property
    def is_clean(self) -> bool:
        return not self.conflicts


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginMove:
    """A ref that an origin has moved; `is_rewrite`: what it led to before is not kept by it.

    One that is not followed is where it was.
    """

    update: RefUpdate
    is_rewrite: bool
    is_followed: bool


class SourceControl(Protocol):
    """Keeps bare git repositories by name; thread-safe, and safe to kill at any instant.

    A commit id or a ref's full name (`refs/heads/main`) may stand for `commit`. Objects that
    nothing leads to are harmless, and collected some day.

    Every method but `create`, `has` and `list_all` raises Refused REPOSITORY-UNKNOWN.
    """

    @abstractmethod
    def create(self, repository: str, *, default_branch: str) -> None:
        """Make an empty repository; one that exists is left as it is."""

    @abstractmethod
    def remove(self, repository: str) -> None:
        """Remove the repository and all that is in it; absent already is success."""

    @abstractmethod
    def has(self, repository: str) -> bool:
        """Return whether the repository exists."""

    @abstractmethod
    def list_all(self) -> tuple[str, ...]:
        """Return the names of all repositories, sorted."""

    @abstractmethod
    def get_path(self, repository: str) -> Path:
        """Return the bare repository's folder."""

    @abstractmethod
    def with_objects(self, environment: Mapping[str, str]) -> "SourceControl":
        """Return a reader that sees objects in quarantine too, as git's hooks are told of them."""

    @abstractmethod
    def list_refs(self, repository: str, *, prefix: str = "refs/heads/") -> Mapping[str, str]:
        """Return the ids that refs lead to, by full name; an annotated tag gives its commit."""

    @abstractmethod
    def find_commit(self, repository: str, commit: str) -> CommitEntry | None:
        """Return the commit or None."""

    @abstractmethod
    def list_commits(
        self, repository: str, commit: str, *, excluding: Sequence[str] = (), limit: int = 100
    ) -> tuple[CommitEntry, ...]:
        """Return what `commit` leads to and `excluding` do not, newest first."""

    @abstractmethod
    def is_ancestor(self, repository: str, ancestor: str, commit: str) -> bool:
        """Return whether `commit` leads to `ancestor`; each leads to itself."""

    @abstractmethod
    def list_tree(self, repository: str, commit: str) -> tuple[TreeEntry, ...]:
        """Return all files of a commit, by path."""

    @abstractmethod
    def find_file(self, repository: str, commit: str, path: str) -> TreeFile | None:
        """Return one file of a commit, or None."""

    @abstractmethod
    def read_tree(self, repository: str, commit: str) -> Tree:
        """Return all files of a commit.

        Raises:
            Refused: SOURCE-SUBMODULE, it has a submodule.
        """

    @abstractmethod
    def export(self, repository: str, commit: str, folder: Path) -> None:
        """Write the files of a commit into the empty `folder`, as `read_tree` has them."""

    @abstractmethod
    def write_tree(self, repository: str, tree: Tree) -> str:
        """Store the files and return the tree's id; nothing leads to it yet."""

    @abstractmethod
    def write_commit(
        self,
        repository: str,
        *,
        tree: str,
        parents: Sequence[str],
        message: str,
        signature: Signature,
    ) -> str:
        """Store a commit and return its id, the same for the same arguments; no ref moves."""

    @abstractmethod
    def move_ref(self, repository: str, ref: str, *, to: str, expected: str) -> None:
        """Point `ref` at `to` if it leads to `expected`; empty: it does not (shall not) exist.

        A ref that leads to `to` already is left as it is.

        Raises:
            Refused: REF-MOVED, it leads elsewhere; nothing changed.
        """

    @abstractmethod
    def set_default_branch(self, repository: str, branch: str) -> None:
        """Make `branch` the one that a clone checks out; it need not exist yet."""

    @abstractmethod
    def merge(
        self, repository: str, *, base: str, ours: str, theirs: str, name: str = "theirs"
    ) -> Merge:
        """Merge three trees or commits without touching any ref; the same input, the same tree.

        Renames of files and folders are followed. No line that ours has and base has not is
        lost: it is in the tree, or between conflict markers, where `name` stands for theirs. What
        has no lines stays as ours has it, with theirs beside it. What ours deleted stays deleted.
        """

    @abstractmethod
    def fetch(self, repository: str, url: str, *, credentials: str = "") -> bool:
        """Make all branches and tags as they are at `url`; return whether any moved.

        `credentials` are `user:password`, never logged.

        Raises:
            Unavailable: ORIGIN-AWAY.
        """

    @abstractmethod
    def find_origin_state(self, url: str, *, credentials: str = "", known: str = "") -> str | None:
        """Return what stands for all branches and tags at `url`; None: they are as `known` says.

        It costs one request, and little where the server knows entity tags.

        Raises:
            Unavailable: ORIGIN-AWAY.
        """

    @abstractmethod
    def follow(
        self,
        repository: str,
        url: str,
        *,
        credentials: str = "",
        is_protected: Callable[[str], bool],
    ) -> tuple[OriginMove, ...]:
        """Fetch all branches and tags at `url`, move ours to them, and return what had moved.

        A ref for whose full name `is_protected` holds is neither rewritten nor deleted.

        Raises:
            Unavailable: ORIGIN-AWAY.
        """

    @abstractmethod
    def find_mover(self, repository: str, ref: str) -> str:
        """Return the user whose push moved `ref` last, empty when that is not known."""

    @abstractmethod
    def bundle(self, repository: str, path: Path) -> None:
        """Write all refs and what they lead to into one file, from which git can clone.

        Raises:
            Refused: REPOSITORY-EMPTY.
        """

    @abstractmethod
    def collect_garbage(self, repository: str) -> None:
        """Pack what is loose and drop what nothing has led to for two weeks; may take minutes."""
