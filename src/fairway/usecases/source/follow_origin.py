"""Following a repository on another server.

Belongs here: naming the origin, taking over what moved there, saying in words what was not taken
over. Never here: webhooks' forms (`accept_hook`), git. Start at `follow_origin`.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from fairway.core.audit.event import AuditEvent
from fairway.core.source.origin import Origin
from fairway.core.source.repository import Repository
from fairway.kits.errors import Refused
from fairway.ports.source_control import OriginMove
from fairway.ports.store.store import Transaction
from fairway.usecases.access import rights
from fairway.usecases.platform import Actor, Platform
from fairway.usecases.source import manage_repositories, receive_push

_SCHEMES = ("http", "https", "ssh", "git")
_MOST_TOLD = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrigin:
    """The repository on another server; `credentials` are `user:password` or empty."""

    url: str
    credentials: str = ""


def set_origin(platform: Platform, actor: Actor, name: str, wanted: NewOrigin | None) -> Repository:
    """Have the repository follow `wanted` from now on, or nothing.

    The secret of its webhook stays as it is.

    Raises:
        Refused: REPOSITORY-UNKNOWN, ORIGIN-INVALID, ACCESS-DENIED.
    """
    if wanted is not None:
        _check_url(name, wanted)
    with platform.store.write() as tx:
        known = manage_repositories.get_repository(tx, name)
        rights.check_owner(actor, known.owner, what=f"set the origin of repository '{name}'")
        origin = tx.repositories.find_origin(name) or Origin(repository=name)
        sealed = None
        if wanted is not None and wanted.credentials:
            sealed = platform.sealer.seal(wanted.credentials, context=_context(name, "credentials"))
        tx.repositories.put_origin(
            replace(origin, credentials=sealed, state="", problem="", followed_at=None)
        )
        stored = tx.repositories.put(replace(known, origin=wanted.url if wanted else ""))
        tx.queue.mark(manage_repositories.REPOSITORY, name)
        event = AuditEvent(
            type="repository.origin-set",
            subject=f"repository/{name}",
            actor=actor.name,
            at=platform.clock.now(),
            data={"origin": stored.origin},
        )
        tx.audit.append(event)
    return stored


def make_hook_secret(platform: Platform, actor: Actor, name: str) -> str:
    """Make the secret that webhooks of the origin are signed with; the one before is void.

    It is returned once and kept sealed.

    Raises:
        Refused: REPOSITORY-UNKNOWN, ACCESS-DENIED.
    """
    clear = secrets.token_urlsafe(32)
    with platform.store.write() as tx:
        known = manage_repositories.get_repository(tx, name)
        rights.check_owner(actor, known.owner, what=f"make a webhook secret for '{name}'")
        origin = tx.repositories.find_origin(name) or Origin(repository=name)
        sealed = platform.sealer.seal(clear, context=_context(name, "hook"))
        tx.repositories.put_origin(replace(origin, hook_secret=sealed))
        event = AuditEvent(
            type="repository.hook-secret-made",
            subject=f"repository/{name}",
            actor=actor.name,
            at=platform.clock.now(),
        )
        tx.audit.append(event)
    return clear


def open_hook_secret(platform: Platform, tx: Transaction, name: str) -> str | None:
    """Return the secret of a repository's webhooks, None when there is none."""
    origin = tx.repositories.find_origin(name)
    if origin is None or origin.hook_secret is None:
        return None
    return platform.sealer.open(origin.hook_secret, context=_context(name, "hook"))


def accept_rewrite(platform: Platform, actor: Actor, name: str) -> None:
    """Make protected branches and tags as they are at the origin, rewritten or not.

    Raises:
        Refused: REPOSITORY-UNKNOWN, ORIGIN-NONE, ACCESS-DENIED.
        Unavailable: ORIGIN-AWAY.
    """
    with platform.store.read() as tx:
        known = manage_repositories.get_repository(tx, name)
    rights.check_owner(actor, known.owner, what=f"take over the rewritten origin of '{name}'")
    if not known.origin:
        raise Refused(
            "ORIGIN-NONE",
            what=f"cannot take over the origin of repository '{name}'",
            why="it follows none",
            fix=f"name one with: fairway repo follow {name} URL",
            status=409,
        )
    _follow(platform, name, actor=actor.name, is_rewrite_accepted=True)


def follow_origin(platform: Platform, name: str) -> bool:
    """Take over what moved at the origin; return whether there is an origin to look at again.

    What was rewritten or deleted there is taken over too, but not of protected branches and not
    a published version's tag: that is recorded as the origin's problem, and told by the audit log.

    Raises:
        Refused: REPOSITORY-UNKNOWN.
        Unavailable: ORIGIN-AWAY.
    """
    return _follow(platform, name, actor=receive_push.PLATFORM, is_rewrite_accepted=False)


def _follow(platform: Platform, name: str, *, actor: str, is_rewrite_accepted: bool) -> bool:
    with platform.store.read() as tx:
        repository = manage_repositories.get_repository(tx, name)
        origin = tx.repositories.find_origin(name) or Origin(repository=name)
        versions = tx.golden_paths.list_published(name)
        published = {f"refs/tags/{version.version}" for version in versions}
    if not repository.origin:
        return False
    credentials = ""
    if origin.credentials is not None:
        credentials = platform.sealer.open(
            origin.credentials, context=_context(name, "credentials")
        )
    control = platform.source_control
    state = control.find_origin_state(
        repository.origin,
        credentials=credentials,
        known="" if is_rewrite_accepted else origin.state,
    )
    if state is None:
        return True

    def is_protected(ref: str) -> bool:
        branch = ref.removeprefix("refs/heads/")
        is_kept = ref in published or (branch != ref and repository.is_protected(branch))
        return is_kept and not (is_rewrite_accepted and ref not in published)

    moves = control.follow(
        name, repository.origin, credentials=credentials, is_protected=is_protected
    )
    _record(platform, origin, moves, state=state, actor=actor)
    receive_push.find_missed(platform, name, actor=actor)
    return True


def _record(
    platform: Platform, origin: Origin, moves: Iterable[OriginMove], *, state: str, actor: str
) -> None:
    now = platform.clock.now()
    rewrites = [move for move in moves if move.is_rewrite]
    kept = [_describe(move) for move in rewrites if not move.is_followed]
    more = f" (and {len(kept) - _MOST_TOLD} more)" if len(kept) > _MOST_TOLD else ""
    with platform.store.write() as tx:
        current = tx.repositories.find_origin(origin.repository) or origin
        if current.credentials != origin.credentials:
            return  # it was changed meanwhile, and is looked at again
        tx.repositories.put_origin(
            replace(
                current,
                state=state,
                problem="; ".join(kept[:_MOST_TOLD]) + more,
                followed_at=now,
            )
        )
        tx.audit.append(
            *(
                AuditEvent(
                    type="origin.rewritten",
                    subject=f"repository/{origin.repository}/{move.update.ref}",
                    actor=actor,
                    at=now,
                    data={
                        "before": move.update.before,
                        "after": move.update.after,
                        "isFollowed": move.is_followed,
                        "text": _describe(move),
                    },
                )
                for move in rewrites
            )
        )


def _describe(move: OriginMove) -> str:
    update = move.update
    noun = f"branch '{update.branch}'" if update.branch else f"tag '{update.tag}'"
    before = f"still leads to {update.before[:7]} here" if not move.is_followed else "follows it"
    if not update.after:
        return f"the origin has deleted {noun}, which {before}"
    verb = "rewritten" if update.branch else "moved"
    return f"the origin has {verb} {noun} to {update.after[:7]}; it {before}"


def _check_url(name: str, wanted: NewOrigin) -> None:
    why = ""
    try:
        parts = urlsplit(wanted.url)
        is_known = parts.scheme in _SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_known = False
    if not is_known or not wanted.url.isprintable() or " " in wanted.url:
        why = f"{wanted.url!r} is no address of one of {', '.join(_SCHEMES)}"
    elif parts.password:
        why = "the address holds a password"
    elif ":" not in wanted.credentials and wanted.credentials:
        why = "the credentials are not of the form user:password"
    elif any(ord(char) < 32 for char in wanted.credentials):
        why = "the credentials hold a control character"
    if why:
        raise Refused(
            "ORIGIN-INVALID",
            what=f"cannot follow an origin with repository '{name}'",
            why=why,
            fix="give an address such as https://git.example.com/shop/orders.git, and "
            "credentials apart from it",
        )


def _context(name: str, what: str) -> str:
    return f"origin/{name}/{what}"
