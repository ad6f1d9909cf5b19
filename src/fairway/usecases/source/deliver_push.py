"""What a push starts: builds, and deployments one environment after the other.

Belongs here: deciding from pushes and statuses what is next for a branch. Nothing is remembered
between calls, so that a call too many does nothing and one after a kill goes on. Start at
`deliver_branch`.
"""

import dataclasses
from dataclasses import dataclass

from fairway.core.release.release import Commit
from fairway.core.run.run import Run, RunId
from fairway.core.source.repository import CommitStatus, Push, Repository, StatusState
from fairway.formats import yaml
from fairway.formats.catalog_source import ReadFile
from fairway.kits.errors import Refused
from fairway.ports.store.store import Transaction
from fairway.usecases.catalog import ingest_source
from fairway.usecases.delivery import start_run
from fairway.usecases.delivery.source_documents import SCORE_FILES
from fairway.usecases.delivery.start_run import Source
from fairway.usecases.delivery.steps import kinds
from fairway.usecases.platform import Actor, Platform
from fairway.usecases.source import archive_commit

# The queue's kind of keys `<repository>/<branch>`.
PUSH = "push"
BUILD = "build"
CATALOG = "catalog"
# How far back pushes are looked at that a newer one may have overtaken.
_MOST_PUSHES = 20
_STATES: dict[str, StatusState] = {"succeeded": "success"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Branch:
    """A branch as it is now; `older` are earlier pushes to it, newest first."""

    repository: Repository
    component: str
    push: Push
    older: tuple[Push, ...]
    contexts: tuple[str, ...]


def mark_push(tx: Transaction, repository: str, branch: str) -> None:
    """Have the branch looked at soon."""
    tx.queue.mark(PUSH, f"{repository}/{branch}")


def deliver_branch(platform: Platform, repository: str, branch: str) -> None:
    """Start what is next for the newest push to a branch, if anything is.

    The default branch is built and deployed to the repository's environments in their order,
    each after the one before; any other branch is built and tested. A push that is under way is
    left to end; those that came between it and the newest are passed over.
    """
    _read_catalog(platform, repository, branch)
    with platform.store.read() as tx:
        found = _find_branch(platform, tx, repository, branch)
        if found is None:
            return
        context = _choose_context(tx, found)
    if context is None:
        return
    push = found.push
    try:
        digest = archive_commit.archive_commit(platform, repository, push.after)
    except Refused as problem:
        with platform.store.write() as tx:
            _put_status(platform, tx, push, context, state="failure", text=problem.why)
        return
    entry = platform.source_control.find_commit(repository, push.after)
    commit = Commit(id=push.after, subject=entry.subject if entry else "")
    with platform.store.write() as tx:
        if tx.repositories.find_last_push(repository, branch) != push:
            mark_push(tx, repository, branch)
            return
        _note_component(tx, found)
        _pass_over(platform, tx, found)
        _start(platform, tx, found, context=context, source=Source(digest=digest, commit=commit))


def note_run_ended(platform: Platform, tx: Transaction, run: Run) -> None:
    """Say of the run's commit how it ended, and have its branch looked at."""
    repository, branch = run.input.get("repository"), run.input.get("branch")
    if not isinstance(repository, str) or not isinstance(branch, str):
        return
    text = run.failure.why.partition("\n")[0] if run.failure else _describe_success(run)
    tx.repositories.put_status(
        CommitStatus(
            repository=repository,
            commit=str(run.input["sourceCommit"]),
            context=str(run.input["context"]),
            state=_STATES.get(run.state, "failure"),
            text=text if run.state != "cancelled" else "cancelled",
            run=run.id,
            at=platform.clock.now(),
        )
    )
    mark_push(tx, repository, branch)


def _describe_success(run: Run) -> str:
    release = run.output.get("release")
    environment = run.input.get("environment")
    if environment:
        return f"release {release} runs in {environment}"
    return "built and tested"


def read_commit(platform: Platform, repository: str, commit: str) -> ReadFile:
    """Return a reader of a commit's files, None for those that are not there."""

    def read(path: str) -> bytes | None:
        file = platform.source_control.find_file(repository, commit, path)
        return file.content if file else None

    return read


def _read_catalog(platform: Platform, repository: str, branch: str) -> None:
    """Bring the catalog in line with the newest push to a default branch, once for each."""
    with platform.store.read() as tx:
        known = tx.repositories.find(repository)
        push = tx.repositories.find_last_push(repository, branch)
        if known is None or push is None or not push.after or branch != known.default_branch:
            return
        if CATALOG in _read_states(tx, push):
            return
    read = read_commit(platform, repository, push.after)
    try:
        with platform.store.write() as tx:
            done = ingest_source.ingest_source(
                platform,
                tx,
                _find_actor(tx, push.actor),
                known,
                commit=push.after,
                read=read,
                base_url=platform.base_url,
            )
            remarks = f", {len(done.findings)} remarks" if done.findings else ""
            text = f"{len(done.changes)} entities{remarks}"
            _put_status(platform, tx, push, CATALOG, state="success", text=text)
    except Refused as problem:
        with platform.store.write() as tx:
            _put_status(platform, tx, push, CATALOG, state="failure", text=str(problem))


def _find_actor(tx: Transaction, name: str) -> Actor:
    """Return who pushed, with the rights of now; nobody's where the user is gone."""
    user = tx.users.find(name)
    return Actor(
        name=name,
        groups=user.groups if user else frozenset(),
        is_admin=user is not None and user.is_admin,
    )


def _find_branch(
    platform: Platform, tx: Transaction, repository: str, branch: str
) -> _Branch | None:
    known = tx.repositories.find(repository)
    pushes = tx.repositories.list_pushes(repository, branch=branch, limit=_MOST_PUSHES)
    if known is None or not pushes or not pushes[0].after:
        return None
    component = known.component or _read_component(platform, repository, pushes[0].after)
    if not component:
        return None
    is_default = branch == known.default_branch
    return _Branch(
        repository=known,
        component=component,
        push=pushes[0],
        older=pushes[1:],
        contexts=known.environments if is_default and known.environments else (BUILD,),
    )


def _read_component(platform: Platform, repository: str, commit: str) -> str:
    """Return the name in the commit's Score file, empty where there is none."""
    for name in SCORE_FILES:
        file = platform.source_control.find_file(repository, commit, name)
        if file is None:
            continue
        try:
            (document, *_) = yaml.parse_documents(file.content, file=name)
        except (Refused, ValueError):
            return ""
        metadata = document.value.get("metadata")
        found = metadata.get("name") if isinstance(metadata, dict) else None
        return found if isinstance(found, str) else ""
    return ""


def _choose_context(tx: Transaction, branch: _Branch) -> str | None:
    """Return what is next for the newest push; None: nothing, or something is under way."""
    states = _read_states(tx, branch.push)
    if "pending" in states.values():
        return None
    for push in branch.older:
        if push.after != branch.push.after and _is_under_way(tx, push):
            return None
    for context in branch.contexts:
        if context not in states:
            return context
        if states[context] != "success":
            return None
    return None


def _is_under_way(tx: Transaction, push: Push) -> bool:
    """Return whether work goes on for a push; what waits for somebody's yes holds up nobody."""
    return any(
        status.state == "pending" and not _is_waiting_for_approval(tx, RunId(status.run))
        for status in tx.repositories.list_statuses(push.repository, push.after)
    )


def _is_waiting_for_approval(tx: Transaction, run: RunId) -> bool:
    steps = tx.runs.list_steps(run)
    return any(step.kind == kinds.APPROVE and step.state == "waiting" for step in steps)


def _read_states(tx: Transaction, push: Push) -> dict[str, StatusState]:
    statuses = tx.repositories.list_statuses(push.repository, push.after)
    return {status.context: status.state for status in statuses}


def _note_component(tx: Transaction, branch: _Branch) -> None:
    """Remember whose source the repository is, once its default branch says so."""
    known = branch.repository
    is_said = branch.push.branch == known.default_branch and not known.component
    if is_said and tx.repositories.find_by_component(branch.component) is None:
        tx.repositories.put(dataclasses.replace(known, component=branch.component))


def _pass_over(platform: Platform, tx: Transaction, branch: _Branch) -> None:
    """Say of older pushes that what they did not reach will not be done."""
    newest = branch.push.after
    for push in branch.older:
        if not push.after or push.after == newest:
            continue
        states = _read_states(tx, push)
        for context in branch.contexts:
            if context not in states:
                text = f"passed over for {newest[:12]}"
                _put_status(platform, tx, push, context, state="superseded", text=text)


def _start(
    platform: Platform, tx: Transaction, branch: _Branch, *, context: str, source: Source
) -> None:
    push = branch.push
    run = start_run.add_push_run(
        platform,
        tx,
        Actor(name=push.actor),
        source,
        component=branch.component,
        environment="" if context == BUILD else context,
        data={
            "repository": push.repository,
            "branch": push.branch,
            "sourceCommit": push.after,
            "context": context,
        },
    )
    _put_status(platform, tx, push, context, state="pending", text=f"run {run.id}", run=run.id)


def _put_status(
    platform: Platform,
    tx: Transaction,
    push: Push,
    context: str,
    *,
    state: StatusState,
    text: str,
    run: int = 0,
) -> None:
    tx.repositories.put_status(
        CommitStatus(
            repository=push.repository,
            commit=push.after,
            context=context,
            state=state,
            text=text,
            run=run,
            at=platform.clock.now(),
        )
    )
