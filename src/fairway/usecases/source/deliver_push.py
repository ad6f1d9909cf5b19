"""What a push starts: builds, and deployments one environment after the other.

Belongs here: deciding from pushes and statuses what is next for a branch. Nothing is remembered
between calls, so that a call too many does nothing and one after a kill goes on. Start at
`deliver_branch`.
"""

from dataclasses import dataclass

from fairway.core.release.release import Commit
from fairway.core.run.run import Run
from fairway.core.source.repository import CommitStatus, Push, Repository, StatusState
from fairway.formats import yaml
from fairway.kits.errors import Refused
from fairway.ports.store.store import Transaction
from fairway.usecases.delivery import start_run
from fairway.usecases.delivery.source_documents import SCORE_FILES
from fairway.usecases.delivery.start_run import Source
from fairway.usecases.platform import Actor, Platform
from fairway.usecases.source import archive_commit

# The queue's kind of keys `<repository>/<branch>`.
PUSH = "push"
BUILD = "build"
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
        _put_failure(platform, found, context, problem)
        return
    entry = platform.source_control.find_commit(repository, push.after)
    commit = Commit(id=push.after, subject=entry.subject if entry else "")
    with platform.store.write() as tx:
        if tx.repositories.find_last_push(repository, branch) != push:
            mark_push(tx, repository, branch)
            return
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
        if push.after != branch.push.after and "pending" in _read_states(tx, push).values():
            return None
    for context in branch.contexts:
        if context not in states:
            return context
        if states[context] != "success":
            return None
    return None


def _read_states(tx: Transaction, push: Push) -> dict[str, StatusState]:
    statuses = tx.repositories.list_statuses(push.repository, push.after)
    return {status.context: status.state for status in statuses}


def _pass_over(platform: Platform, tx: Transaction, branch: _Branch) -> None:
    """Say of older pushes that what they did not reach will not be done."""
    newest = branch.push.after
    for push in branch.older:
        if not push.after or push.after == newest:
            continue
        states = _read_states(tx, push)
        for context in branch.contexts:
            if context not in states:
                tx.repositories.put_status(
                    CommitStatus(
                        repository=push.repository,
                        commit=push.after,
                        context=context,
                        state="superseded",
                        text=f"passed over for {newest[:12]}",
                        at=platform.clock.now(),
                    )
                )


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
    tx.repositories.put_status(
        CommitStatus(
            repository=push.repository,
            commit=push.after,
            context=context,
            state="pending",
            text=f"run {run.id}",
            run=run.id,
            at=platform.clock.now(),
        )
    )


def _put_failure(platform: Platform, branch: _Branch, context: str, problem: Refused) -> None:
    with platform.store.write() as tx:
        tx.repositories.put_status(
            CommitStatus(
                repository=branch.push.repository,
                commit=branch.push.after,
                context=context,
                state="failure",
                text=problem.why,
                at=platform.clock.now(),
            )
        )
