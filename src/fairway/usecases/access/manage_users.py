"""Users, their tokens, and finding out who shows one.

Belongs here: adding users, creating and revoking tokens, authentication.
"""

import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from fairway.core.access.user import Token, User
from fairway.core.audit.event import AuditEvent
from fairway.kits.errors import Refused
from fairway.ports.store.store import Transaction
from fairway.usecases.platform import Actor, Platform

_PREFIX = "fwy_"
_NAME = re.compile(r"[a-z0-9]([-a-z0-9_.]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """A token just made; `clear` is shown once and never stored."""

    token: Token
    clear: str


def add_user(
    platform: Platform,
    actor: Actor,
    *,
    name: str,
    groups: Iterable[str] = (),
    is_admin: bool = False,
) -> User:
    """Add a user, or change the groups of one that exists.

    Raises:
        Refused: ACCESS-DENIED, USER-NAME.
    """
    _check_admin(actor, f"cannot add user '{name}'")
    if not _NAME.fullmatch(name):
        raise Refused(
            "USER-NAME",
            what=f"cannot add user '{name}'",
            why="a name has 1 to 63 lower-case letters, digits, '-', '_' or '.'",
            fix="choose such a name",
        )
    with platform.store.write() as tx:
        known = tx.users.find(name)
        user = User(
            name=name,
            groups=frozenset(_make_group(group) for group in groups),
            is_admin=is_admin,
            created_at=known.created_at if known else platform.clock.now(),
        )
        tx.users.put(user)
        event = "user.changed" if known else "user.added"
        _append(platform, tx, actor, event=event, subject=f"user/{name}")
    return user


def create_token(
    platform: Platform,
    actor: Actor,
    *,
    user: str,
    title: str = "",
    lifetime: timedelta | None = None,
) -> NewToken:
    """Make a token for `user`: one's own, or anybody's for an administrator.

    Raises:
        Refused: ACCESS-DENIED, USER-UNKNOWN.
    """
    if user != actor.name:
        _check_admin(actor, f"cannot create a token for '{user}'")
    now = platform.clock.now()
    clear = _PREFIX + secrets.token_urlsafe(32)
    token = Token(
        id=secrets.token_hex(6),
        user=user,
        digest=make_token_digest(clear),
        title=title,
        created_at=now,
        expires_at=now + lifetime if lifetime else None,
    )
    with platform.store.write() as tx:
        if tx.users.find(user) is None:
            raise Refused(
                "USER-UNKNOWN",
                what=f"cannot create a token for '{user}'",
                why="there is no such user",
                fix=f"add the user first: fairway user add {user}",
                status=404,
            )
        tx.users.add_token(token)
        subject = f"user/{user}/token/{token.id}"
        _append(platform, tx, actor, event="token.created", subject=subject)
    return NewToken(token=token, clear=clear)


def revoke_token(platform: Platform, actor: Actor, *, user: str, token_id: str) -> None:
    """Make a token useless; one that is gone already is fine.

    Raises:
        Refused: ACCESS-DENIED.
    """
    if user != actor.name:
        _check_admin(actor, f"cannot revoke a token of '{user}'")
    with platform.store.write() as tx:
        if any(token.id == token_id for token in tx.users.list_tokens(user)):
            tx.users.remove_token(token_id)
            subject = f"user/{user}/token/{token_id}"
            _append(platform, tx, actor, event="token.revoked", subject=subject)


def authenticate(platform: Platform, clear: str) -> Actor:
    """Return who shows the token `clear`.

    Raises:
        Refused: TOKEN-INVALID; it does not say whether it was unknown or expired.
    """
    with platform.store.read() as tx:
        token = tx.users.find_token(make_token_digest(clear))
        user = tx.users.find(token.user) if token else None
    is_expired = (
        token is not None
        and token.expires_at is not None
        and token.expires_at <= platform.clock.now()
    )
    if token is None or user is None or is_expired:
        raise Refused(
            "TOKEN-INVALID",
            what="cannot tell who you are",
            why="the token is unknown or has expired",
            fix="give a valid token in FAIRWAY_TOKEN, or make one with: fairway token create",
            status=401,
        )
    return Actor(name=user.name, groups=user.groups, is_admin=user.is_admin)


def make_token_digest(clear: str) -> str:
    """Return what is stored of a token: tokens are random, so a plain digest is enough."""
    return hashlib.sha256(clear.encode()).hexdigest()


def _make_group(name: str) -> str:
    return name if ":" in name else f"group:{name}"


def _check_admin(actor: Actor, what: str) -> None:
    if not actor.is_admin:
        raise Refused(
            "ACCESS-DENIED",
            what=what,
            why=f"'{actor.name}' is not an administrator",
            fix="ask an administrator of the platform",
            status=403,
        )


def _append(platform: Platform, tx: Transaction, actor: Actor, *, event: str, subject: str) -> None:
    tx.audit.append(
        AuditEvent(type=event, subject=subject, actor=actor.name, at=platform.clock.now())
    )
