"""Who may push, and whether what was pushed may be kept.

Belongs here: the rules before a ref moves. Never here: what follows once it has (`receive_push`).
Start at `check_push`.
"""

from collections.abc import Iterator

from fairway.core.finding.finding import Finding
from fairway.core.source.repository import BRANCHES, TAGS, RefUpdate, Repository
from fairway.formats.catalog_source import CATALOG_FILES
from fairway.kits.errors import InvalidDocuments, Refused
from fairway.ports.git_server import HookAnswer, HookCall
from fairway.ports.source_control import SourceControl
from fairway.usecases.access import rights
from fairway.usecases.catalog import ingest_source
from fairway.usecases.delivery.source_documents import SCORE_FILES
from fairway.usecases.platform import Actor, Platform
from fairway.usecases.source import manage_repositories

MOST_FILE_BYTES = 1024**2
_LINK = "120000"
_DOCUMENTS = (*SCORE_FILES, *CATALOG_FILES)
_PLACES = (BRANCHES, TAGS, "refs/notes/")


def check_right(actor: Actor, repository: Repository) -> None:
    """Refuse an actor that may not push to the repository at all.

    Raises:
        Refused: ACCESS-DENIED, REPOSITORY-FOLLOWS.
    """
    rights.check_owner(actor, repository.owner, what=f"push to repository '{repository.name}'")
    if repository.origin:
        raise Refused(
            "REPOSITORY-FOLLOWS",
            what=f"cannot push to repository '{repository.name}'",
            why="it follows its origin on another server",
            fix=f"push there instead: {repository.origin}",
            status=403,
        )


def check_push(platform: Platform, call: HookCall) -> HookAnswer:
    """Return whether all of the push may land; none of it does when one part may not.

    On the default branch, a commit whose documents are broken is refused at their lines.

    Raises:
        Refused: REPOSITORY-UNKNOWN.
    """
    source = platform.source_control.with_objects(call.quarantine)
    with platform.store.read() as tx:
        repository = manage_repositories.get_repository(tx, call.repository)
        user = tx.users.find(call.actor)
        versions = tx.golden_paths.list_published(call.repository)
        published = {item.version: item.path for item in versions}
    lines: list[str] = []
    for update in call.updates:
        lines += _check_ref(source, repository, update)
        if update.before and update.tag in published:
            lines += _refuse(
                f"tag '{update.tag}' is a published version of golden path "
                f"'{published[update.tag]}' and stays where it is",
                fix="publish a new version under a new tag",
            )
    if not lines:
        groups, is_admin = (user.groups, user.is_admin) if user else (frozenset(), False)
        actor = Actor(name=call.actor, groups=groups, is_admin=is_admin)
        for update in call.updates:
            if update.after and update.branch == repository.default_branch:
                tree = _Tree(source, repository.name, update.after)
                lines += _check_documents(platform, actor, repository, tree)
    return HookAnswer(is_accepted=not lines, lines=tuple(lines))


def _check_ref(source: SourceControl, repository: Repository, update: RefUpdate) -> Iterator[str]:
    if not update.ref.startswith(_PLACES):
        yield from _refuse(f"'{update.ref}' is neither a branch nor a tag", fix="push to a branch")
    if not update.branch or not update.before or not repository.is_protected(update.branch):
        return
    if not update.after:
        yield from _refuse(
            f"branch '{update.branch}' is protected and cannot be deleted",
            fix="see what is protected with: fairway repo show " + repository.name,
        )
    elif not source.is_ancestor(repository.name, update.before, update.after):
        yield from _refuse(
            f"branch '{update.branch}' is protected and cannot be rewritten: "
            f"{update.after[:7]} does not contain {update.before[:7]}",
            fix=f"take over what is there with: git pull --rebase origin {update.branch}",
        )


class _Tree:
    """The files of a commit: listed once, and each read once."""

    def __init__(self, source: SourceControl, repository: str, commit: str) -> None:
        self._source = source
        self._repository = repository
        self._commit = commit
        self._entries = {entry.path: entry for entry in source.list_tree(repository, commit)}
        self._contents: dict[str, bytes | None] = {}

    def check_files(self) -> Iterator[str]:
        """Yield what is wrong with the documents at the root as files."""
        for name in _DOCUMENTS:
            entry = self._entries.get(name)
            if entry is None:
                continue
            if entry.mode == _LINK:
                yield from _refuse(f"{name}: it is a symbolic link", fix="commit the file itself")
            if entry.size > MOST_FILE_BYTES:
                yield from _refuse(
                    f"{name}: it has {entry.size} bytes; the most is {MOST_FILE_BYTES}",
                    fix="make it smaller",
                )

    def read(self, path: str) -> bytes | None:
        """Return a file's content, None where there is none or only a link."""
        entry = self._entries.get(path)
        if entry is None or entry.mode == _LINK:
            return None
        if path not in self._contents:
            file = self._source.find_file(self._repository, self._commit, path)
            self._contents[path] = file.content if file is not None else None
        return self._contents[path]


def _check_documents(
    platform: Platform, actor: Actor, repository: Repository, tree: _Tree
) -> Iterator[str]:
    is_whole = True
    for line in tree.check_files():
        is_whole = False
        yield line
    if not is_whole:
        return
    findings = [item for item in ingest_source.check_source(tree.read) if item.level == "deny"]
    for finding in findings:
        yield from _describe(finding)
    if findings:
        return
    try:
        with platform.store.read() as tx:
            ingest_source.check_ingestion(platform, tx, actor, repository, read=tree.read)
    except InvalidDocuments as error:
        for problem in error.problems:
            yield from _refuse(_locate(problem), fix=problem.fix)
    except Refused as problem:
        yield from _refuse(_locate(problem), fix=problem.fix)


def _locate(problem: Refused) -> str:
    return f"{problem.at}: {problem}" if problem.at else str(problem)


def _describe(finding: Finding) -> Iterator[str]:
    yield from _refuse(f"{finding.at}: {finding.text}", fix=finding.fix)


def _refuse(text: str, *, fix: str) -> Iterator[str]:
    yield f"error: {text}"
    yield f"  fix: {fix}"
