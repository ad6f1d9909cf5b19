"""Repositories: making, changing, deleting and backing up.

Belongs here: who may do so, what a repository's rules may be. Never here: pushes (`check_push`,
`receive_push`), origins on other servers (`follow_origin`). Start at `create_repository`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from pathlib import Path

from fairway.core.audit.event import AuditEvent
from fairway.core.catalog.ref import parse_entity_ref
from fairway.core.source.repository import Repository
from fairway.kits.errors import Refused
from fairway.ports.store.store import Transaction
from fairway.usecases.access import rights
from fairway.usecases.delivery import planning
from fairway.usecases.platform import Actor, Platform

# Queues' kinds of keys that are a repository's name.
REPOSITORY = "repository"
GARBAGE = "repository-garbage"
FIRST_PACKED = timedelta(days=1)
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
# Stricter than git, so that a name means the same in a URL, a shell and a pattern.
_BRANCH = re.compile(r"[A-Za-z0-9_](?:[-A-Za-z0-9_]|[./](?![./]|$)){0,199}")
_PATTERN = re.compile(r"[-A-Za-z0-9_./*?\[\]!]{1,200}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What people say of a repository; None: as it is, or the default of a new one."""

    owner: str | None = None
    component: str | None = None
    default_branch: str | None = None
    environments: tuple[str, ...] | None = None
    protected: tuple[str, ...] | None = None


def create_repository(platform: Platform, actor: Actor, name: str, rules: Rules) -> Repository:
    """Make an empty repository and store its row; both are there afterwards, or neither.

    Raises:
        Refused: REPOSITORY-NAME, REPOSITORY-TAKEN, REPOSITORY-RULE, OWNER-UNKNOWN, ENV-UNKNOWN,
            ACCESS-DENIED.
    """
    what = f"cannot create repository '{name}'"
    if not _NAME.fullmatch(name):
        raise Refused(
            "REPOSITORY-NAME",
            what=what,
            why="a name has 1 to 63 lower-case letters, digits or '-', and no '-' at its ends",
            fix="choose such a name",
        )
    made = _apply(
        Repository(name=name, owner="", created_at=platform.clock.now(), created_by=actor.name),
        rules,
    )
    with platform.store.write() as tx:
        if (known := tx.repositories.find(name)) is not None:
            raise Refused(
                "REPOSITORY-TAKEN",
                what=what,
                why=f"there is one of that name, owned by '{known.owner}'",
                fix="choose another name",
                status=409,
            )
        _check_rules(tx, made, rules, what=what)
        rights.check_owner(actor, made.owner, what=f"create repository '{name}' for its owner")
        _clear(platform, name, what=what)
        platform.source_control.create(name, default_branch=made.default_branch)
        stored = tx.repositories.put(made)
        _mark(platform, tx, name)
        _append(platform, tx, actor, event="repository.created", name=name)
    return stored


def change_repository(
    platform: Platform, actor: Actor, name: str, rules: Rules, *, expected: int | None = None
) -> Repository:
    """Change what `rules` name, if the repository is at revision `expected` still.

    Raises:
        Refused: REPOSITORY-UNKNOWN, REPOSITORY-RULE, OWNER-UNKNOWN, ENV-UNKNOWN, ACCESS-DENIED,
            REVISION-MOVED.
    """
    with platform.store.write() as tx:
        known = get_repository(tx, name)
        rights.check_owner(actor, known.owner, what=f"change repository '{name}'")
        _check_expected(known, expected)
        changed = _apply(known, rules)
        _check_rules(tx, changed, rules, what=f"cannot change repository '{name}'")
        if changed == known:
            return known
        if changed.default_branch != known.default_branch:
            platform.source_control.set_default_branch(name, changed.default_branch)
        stored = tx.repositories.put(changed)
        tx.queue.mark("push", f"{name}/{stored.default_branch}")
        changes = [item.name for item in fields(known)
                   if getattr(known, item.name) != getattr(changed, item.name)]  # fmt: skip
        _append(platform, tx, actor, event="repository.changed", name=name, changes=changes)
    return stored


def delete_repository(
    platform: Platform, actor: Actor, name: str, *, expected: int | None = None
) -> None:
    """Delete the repository with all its commits, and what the platform knew of them.

    Raises:
        Refused: REPOSITORY-UNKNOWN, REPOSITORY-IN-USE, ACCESS-DENIED, REVISION-MOVED.
    """
    with platform.store.write() as tx:
        known = get_repository(tx, name)
        rights.check_owner(actor, known.owner, what=f"delete repository '{name}'")
        _check_expected(known, expected)
        for published in tx.golden_paths.list_published(name)[:1]:
            raise Refused(
                "REPOSITORY-IN-USE",
                what=f"cannot delete repository '{name}'",
                why=f"'{published.version}' of golden path '{published.path}' was published "
                "from it, and services may have been made from that",
                fix="deprecate the path instead: set lifecycle: deprecated in golden-path.yaml",
                status=409,
            )
        link = tx.golden_paths.find_link(known.component) if known.component else None
        if link is not None and link.repository == name:
            tx.golden_paths.remove_link(known.component)
        tx.repositories.remove(name)
        _append(platform, tx, actor, event="repository.deleted", name=name)
        # Within the transaction: no new repository of the name can come between.
        platform.source_control.remove(name)


def back_up_repository(platform: Platform, actor: Actor, name: str) -> Path:
    """Write the whole repository as a git bundle below the platform's backups; return the file.

    Raises:
        Refused: REPOSITORY-UNKNOWN, REPOSITORY-EMPTY, ACCESS-DENIED.
    """
    with platform.store.read() as tx:
        known = get_repository(tx, name)
    rights.check_owner(actor, known.owner, what=f"back up repository '{name}'")
    folder = platform.backups / "repositories"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{name}-{platform.clock.now():%Y%m%dT%H%M%S%fZ}.bundle"
    platform.source_control.bundle(name, path)
    with platform.store.write() as tx:
        _append(platform, tx, actor, event="repository.backed-up", name=name)
    return path


def mark_all(platform: Platform) -> None:
    """Have every repository looked at: what was pushed while nobody could note it is found."""
    with platform.store.write() as tx:
        for repository in tx.repositories.list_all():
            _mark(platform, tx, repository.name)


def get_repository(tx: Transaction, name: str) -> Repository:
    """Return the repository.

    Raises:
        Refused: REPOSITORY-UNKNOWN.
    """
    found = tx.repositories.find(name)
    if found is None:
        raise Refused(
            "REPOSITORY-UNKNOWN",
            what=f"cannot use repository '{name}'",
            why="there is no such repository",
            fix="see those there are with: fairway repo list",
            status=404,
        )
    return found


def _clear(platform: Platform, name: str, *, what: str) -> None:
    """Remove what a creation that was cut short has left, but never a commit."""
    control = platform.source_control
    if control.has(name) and control.list_refs(name, prefix="refs/"):
        raise Refused(
            "REPOSITORY-TAKEN",
            what=what,
            why=f"'{control.get_path(name)}' holds commits that the platform's store does not know",
            fix="restore the store that knows them, or move the folder away",
            status=409,
        )
    control.remove(name)


def _apply(repository: Repository, rules: Rules) -> Repository:
    given = {
        item.name: value
        for item in fields(rules)
        if (value := getattr(rules, item.name)) is not None
    }
    return replace(repository, **given)


def _check_rules(tx: Transaction, repository: Repository, rules: Rules, *, what: str) -> None:
    """Refuse rules that cannot be; only those that `rules` name."""
    if rules.default_branch is not None:
        _check_text(_BRANCH, [rules.default_branch], what=what, noun="the name of a branch")
        if rules.default_branch.endswith(".lock"):
            raise _refuse_rule(what, rules.default_branch, "the name of a branch")
    _check_text(_PATTERN, rules.protected or (), what=what, noun="a pattern of branches")
    _check_text(_NAME, [rules.component] if rules.component else [], what=what, noun="a component")
    if rules.owner is not None:
        _check_owner(tx, repository.owner, what=what)
    known = planning.read_definitions(tx).environments if rules.environments else {}
    for name in rules.environments or ():
        if name not in known:
            raise Refused(
                "ENV-UNKNOWN",
                what=what,
                why=f"there is no environment '{name}'; there are {', '.join(sorted(known))}",
                fix="use one of these, or apply an Environment of that name",
            )


def _check_text(pattern: re.Pattern[str], texts: Sequence[str], *, what: str, noun: str) -> None:
    for text in texts:
        if not pattern.fullmatch(text):
            raise _refuse_rule(what, text, noun)


def _refuse_rule(what: str, text: str, noun: str) -> Refused:
    return Refused(
        "REPOSITORY-RULE",
        what=what,
        why=f"{text!r} cannot be {noun}",
        fix="use letters, digits, '-', '_', '.' and '/', such as release/1.x; "
        "a pattern may also have '*' and '?'",
    )


def _check_owner(tx: Transaction, owner: str, *, what: str) -> None:
    ref = parse_entity_ref(owner, default_kind="Group")
    is_user = ref.kind.lower() == "user" and tx.users.find(ref.name) is not None
    if not is_user and tx.entities.find(str(ref)) is None:
        raise Refused(
            "OWNER-UNKNOWN",
            what=what,
            why=f"its owner '{ref}' is not in the catalog",
            fix="name a group that is there (fairway list group), or apply a Group of that name",
        )


def _check_expected(repository: Repository, expected: int | None) -> None:
    if expected is not None and repository.revision != expected:
        raise Refused(
            "REVISION-MOVED",
            what=f"cannot change repository '{repository.name}'",
            why=f"it is at revision {repository.revision}, not {expected}",
            fix="look at it again, then repeat the change",
            status=412,
        )


def _mark(platform: Platform, tx: Transaction, name: str) -> None:
    tx.queue.mark(REPOSITORY, name)
    tx.queue.mark(GARBAGE, name, due_at=platform.clock.now() + FIRST_PACKED)


def _append(
    platform: Platform,
    tx: Transaction,
    actor: Actor,
    *,
    event: str,
    name: str,
    changes: Sequence[str] = (),
) -> None:
    tx.audit.append(
        AuditEvent(
            type=event,
            subject=f"repository/{name}",
            actor=actor.name,
            at=platform.clock.now(),
            data={"changes": list(changes)} if changes else {},
        )
    )
