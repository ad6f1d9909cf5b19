"""Noting where branches are, once they moved.

Belongs here: pushes as rows and audit events, and having branches looked at. A branch's last
push always leads to where the branch was when it was looked at last: whatever moved meanwhile is
found by comparing, so that nothing depends on being told. Start at `receive_push`.
"""

from collections.abc import Iterable, Iterator, Mapping

from fairway.core.audit.event import AuditEvent
from fairway.core.source.repository import BRANCHES, Push, RefUpdate, Repository
from fairway.ports.git_server import HookAnswer, HookCall
from fairway.ports.store.store import Transaction
from fairway.usecases.golden_path import note_upgrade
from fairway.usecases.platform import Platform
from fairway.usecases.source import deliver_push, manage_repositories

# Who moved a branch when its log does not say.
PLATFORM = "fairway"
# How far back is looked for branches that are gone.
_MOST_PUSHES = 1000


def receive_push(platform: Platform, call: HookCall) -> HookAnswer:
    """Note a push whose refs have moved, and tell its client what comes of it."""
    branches = [update.branch for update in call.updates if update.branch]
    with platform.store.write() as tx:
        repository = manage_repositories.get_repository(tx, call.repository)
        tx.audit.append(*(_make_event(platform, call, update) for update in call.updates))
        note_heads(platform, tx, repository, branches=branches, actor=call.actor)
        is_started = tx.repositories.find_last_push(repository.name, repository.default_branch)
    lines = [line for branch in branches for line in _tell(repository, branch, call)]
    if branches and not is_started and not repository.origin:
        lines.append(
            f"fairway: the default branch is '{repository.default_branch}', which is not there "
            f"yet; push it, or: fairway repo set {repository.name} --default-branch {branches[0]}"
        )
    return HookAnswer(is_accepted=True, lines=tuple(lines))


def note_heads(
    platform: Platform,
    tx: Transaction,
    repository: Repository,
    *,
    branches: Iterable[str],
    actor: str,
) -> tuple[Push, ...]:
    """Store a push for each of `branches` that is not where its last push led, and mark it.

    The branches are read within the transaction: it is as new as any that wrote before.
    """
    heads = _read_heads(platform, repository.name)
    noted = []
    for branch in dict.fromkeys(branches):
        last = tx.repositories.find_last_push(repository.name, branch)
        before, after = last.after if last else "", heads.get(branch, "")
        if before == after:
            continue
        push = Push(
            number=0,
            repository=repository.name,
            branch=branch,
            before=before,
            after=after,
            actor=actor,
            at=platform.clock.now(),
        )
        noted.append(tx.repositories.add_push(push))
        if branch == repository.default_branch:
            note_upgrade.note_landed(tx, platform.source_control, repository, push)
        deliver_push.mark_push(tx, repository.name, branch)
    return tuple(noted)


def find_missed(platform: Platform, name: str, *, actor: str = "") -> tuple[Push, ...]:
    """Note every branch that moved without being noted: the platform was killed meanwhile.

    Raises:
        Refused: REPOSITORY-UNKNOWN.
    """
    with platform.store.read() as tx:
        repository = manage_repositories.get_repository(tx, name)
        moved = list(_list_moved(platform, tx, repository))
    if not moved:
        return ()
    found: list[Push] = []
    with platform.store.write() as tx:
        for branch in moved:
            mover = actor or platform.source_control.find_mover(name, BRANCHES + branch)
            found += note_heads(
                platform, tx, repository, branches=[branch], actor=mover or PLATFORM
            )
        tx.audit.append(
            *(
                _make_audit_event(
                    platform,
                    name,
                    RefUpdate(ref=BRANCHES + push.branch, before=push.before, after=push.after),
                    actor=push.actor,
                )
                for push in found
            )
        )
    return tuple(found)


def look_again(platform: Platform, name: str) -> None:
    """Have a repository looked at: a push to it did not end well."""
    with platform.store.write() as tx:
        tx.queue.mark(manage_repositories.REPOSITORY, name)


def _list_moved(platform: Platform, tx: Transaction, repository: Repository) -> Iterator[str]:
    heads = _read_heads(platform, repository.name)
    pushes = tx.repositories.list_pushes(repository.name, limit=_MOST_PUSHES)
    for branch in sorted({*heads, *(push.branch for push in pushes)}):
        last = tx.repositories.find_last_push(repository.name, branch)
        if (last.after if last else "") != heads.get(branch, ""):
            yield branch


def _read_heads(platform: Platform, name: str) -> Mapping[str, str]:
    refs = platform.source_control.list_refs(name, prefix=BRANCHES)
    return {ref.removeprefix(BRANCHES): commit for ref, commit in refs.items()}


def _tell(repository: Repository, branch: str, call: HookCall) -> Iterator[str]:
    after = next(update.after for update in call.updates if update.branch == branch)
    if not after or not repository.component:
        return
    if branch != repository.default_branch or not repository.environments:
        yield f"fairway: {after[:7]} will be built and tested"
    else:
        yield f"fairway: {after[:7]} will go to {', then '.join(repository.environments)}"
    yield f"  follow it with: fairway watch {repository.name}"


def _make_event(platform: Platform, call: HookCall, update: RefUpdate) -> AuditEvent:
    return _make_audit_event(platform, call.repository, update, actor=call.actor)


def _make_audit_event(
    platform: Platform, repository: str, update: RefUpdate, *, actor: str
) -> AuditEvent:
    return AuditEvent(
        type="push.received",
        subject=f"repository/{repository}/{update.ref}",
        actor=actor,
        at=platform.clock.now(),
        data={"before": update.before, "after": update.after},
    )
