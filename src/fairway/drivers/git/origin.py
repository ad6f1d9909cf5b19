"""A repository's origin on another server.

Belongs here: asking it, fetching from it, and moving our refs to its. Never here: which refs are
protected, when to ask.
"""

import hashlib
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from fairway.core.golden_path import upgrade
from fairway.core.source.repository import RefUpdate
from fairway.drivers.git.command import (
    GitError,
    make_environment,
    make_login,
    make_login_header,
    run_git,
)
from fairway.kits.errors import Unavailable
from fairway.ports.source_control import OriginMove

# What a server may be asked by; `file` and `ext` would reach into this machine.
_PROTOCOLS = "http:https:ssh:git"
# How this machine reaches others.
_SURROUNDINGS = (
    "http_proxy",
    "https_proxy",
    "HTTPS_PROXY",
    "no_proxy",
    "NO_PROXY",
    "GIT_SSL_CAINFO",
)
_THEIRS = "refs/fairway/origin/"
# What the platform offers here is no business of the origin.
_OFFERED = f"refs/heads/{upgrade.OFFERED}"
_SPECS = tuple(f"+refs/{part}/*:{_THEIRS}{part}/*" for part in ("heads", "tags"))
_ANSWER_SECONDS = 30.0
_MOST_ANSWER_BYTES = 256 * 1024**2
_TAG, _DIGEST = "etag:", "sha256:"


class Origin:
    """The server at `url`; `credentials` are `user:password`, and go to no other server."""

    def __init__(self, url: str, credentials: str, *, environment: Mapping[str, str]) -> None:
        self._url = url
        self._credentials = credentials
        settings = dict(make_login(credentials))
        if credentials:
            settings["http.followRedirects"] = "false"
        self._environment = {
            **make_environment(settings),
            **{name: os.environ[name] for name in _SURROUNDINGS if name in os.environ},
            **environment,
            "GIT_ALLOW_PROTOCOL": _PROTOCOLS,
        }

    def find_state(self, known: str) -> str | None:
        """Return what stands for its refs, None when that is `known`."""
        is_web = urlsplit(self._url).scheme in ("http", "https")
        state = self._ask(known) if is_web else self._list()
        return None if state == known else state

    def _ask(self, known: str) -> str:
        request = urllib.request.Request(  # noqa: S310  # its scheme was looked at
            f"{self._url.rstrip('/')}/info/refs?service=git-upload-pack",
            headers={"User-Agent": "fairway", "Pragma": "no-cache"},
        )
        if self._credentials:
            request.add_unredirected_header("Authorization", make_login_header(self._credentials))
        if known.startswith(_TAG):
            request.add_header("If-None-Match", known.removeprefix(_TAG))
        try:
            with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS) as answer:  # noqa: S310  # as above
                tag = answer.headers.get("ETag")
                digest = hashlib.sha256(answer.read(_MOST_ANSWER_BYTES)).hexdigest()
        except urllib.error.HTTPError as error:
            with error:
                if error.code == 304:
                    return known
                raise self._refuse(f"it answered {error.code} {error.reason}") from error
        except (OSError, ValueError) as error:
            raise self._refuse(str(error)) from error
        return f"{_TAG}{tag}" if tag else f"{_DIGEST}{digest}"

    def _list(self) -> str:
        arguments = ("ls-remote", "--quiet", "--end-of-options", self._url)
        try:
            _, output = run_git(Path(os.devnull), *arguments, environment=self._environment)
        except GitError as error:
            raise self._refuse(error.text) from error
        return f"{_DIGEST}{hashlib.sha256(output).hexdigest()}"

    def fetch(self, folder: Path, *specs: str) -> None:
        """Make the refs that `specs` name in the bare repository `folder` as they are there."""
        arguments = ("--quiet", "--prune", "--no-tags", "--no-write-fetch-head")
        try:
            run_git(
                folder,
                "fetch",
                *arguments,
                "--end-of-options",
                self._url,
                *specs,
                environment=self._environment,
            )
        except GitError as error:
            raise self._refuse(error.text, repository=folder.stem) from error

    def follow(self, folder: Path, is_protected: Callable[[str], bool]) -> tuple[OriginMove, ...]:
        """Fetch, move the refs of the bare repository `folder`, and return what had moved."""
        self.fetch(folder, *_SPECS)
        moves = tuple(self._compare(folder, is_protected))
        followed = [move.update for move in moves if move.is_followed]
        # First what goes: a branch `a` makes room for a branch `a/b`.
        self._move(folder, [update for update in followed if not update.after])
        self._move(folder, [update for update in followed if update.after])
        return moves

    def _compare(self, folder: Path, is_protected: Callable[[str], bool]) -> Iterator[OriginMove]:
        ours = {**self._read_refs(folder, "refs/heads/"), **self._read_refs(folder, "refs/tags/")}
        found = self._read_refs(folder, _THEIRS)
        theirs = {f"refs/{ref.removeprefix(_THEIRS)}": id_ for ref, id_ in found.items()}
        for ref in sorted({*ours, *theirs}):
            if ref.startswith(_OFFERED):
                continue
            update = RefUpdate(ref=ref, before=ours.get(ref, ""), after=theirs.get(ref, ""))
            if update.before != update.after:
                is_rewrite = bool(update.before) and not self._keeps(folder, update)
                yield OriginMove(
                    update=update,
                    is_rewrite=is_rewrite,
                    is_followed=not (is_rewrite and is_protected(ref)),
                )

    def _read_refs(self, folder: Path, prefix: str) -> Mapping[str, str]:
        arguments = ("for-each-ref", "--format=%(objectname) %(refname)", prefix)
        _, output = run_git(folder, *arguments, environment=self._environment)
        pairs = (line.split(" ", 1) for line in output.decode().splitlines())
        return {ref: id_ for id_, ref in pairs}

    def _keeps(self, folder: Path, update: RefUpdate) -> bool:
        if not update.branch or not update.after:
            return False
        arguments = ("merge-base", "--is-ancestor", update.before, update.after)
        code, _ = run_git(folder, *arguments, environment=self._environment, accepted=(0, 1))
        return code == 0

    def _move(self, folder: Path, updates: list[RefUpdate]) -> None:
        if not updates:
            return
        nowhere = "0" * 40
        lines = [
            f"update {item.ref}\0{item.after or nowhere}\0{item.before or nowhere}\0"
            for item in updates
        ]
        arguments = ("update-ref", "--no-deref", "--stdin", "-z")
        try:
            run_git(
                folder, *arguments, environment=self._environment, stdin="".join(lines).encode()
            )
        except GitError as error:
            raise self._refuse(error.text, repository=folder.stem) from error

    def _refuse(self, text: str, *, repository: str = "") -> Unavailable:
        lines = text.splitlines()
        return Unavailable(
            "ORIGIN-AWAY",
            what=f"cannot fetch repository '{repository}' from its origin"
            if repository
            else f"cannot ask the origin '{self._url}'",
            why=lines[-1] if lines else "git gave no reason",
            fix="check the origin's address and credentials, and that its server runs",
        )
