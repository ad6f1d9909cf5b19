"""A user, its rules and the mark of its owner: what is there, and each change.

Belongs here: ACL commands. Every change is one atomic command, idempotent and safe to be cut off
after. Redis has no comments, so owners are kept in the hash `fairway:owners`, out of every
user's reach.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

import redis

from fairway.drivers.local_server.tenant import Owner
from fairway.drivers.redis import connection
from fairway.drivers.redis.connection import Session

_OWNERS = "fairway:owners"
# What shows or changes more than the user's own keys, in every database: commands that list keys
# or channels of all, that empty or stop the server, that share code or data with all.
_DENIED = (
    *("-@admin", "-@dangerous", "-scan", "-randomkey", "-select", "-pubsub", "-client|tracking"),
    *("-script|flush", "-script|kill", "-function", "-fcall", "-fcall_ro"),
)
# Client libraries ask this when they connect.
_ALLOWED = ("+info",)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserState:
    """The user of one name, as it is.

    `rules` is what Redis made of the user's rules, `marked_rules` the same when they were last
    set; `mark` is empty when nobody owns the name.
    """

    exists: bool
    is_on: bool
    rules: str
    passwords: Sequence[str]
    mark: str
    marked_rules: str


def read_state(session: Session, name: str) -> UserState:
    """Return what there is of `name`."""
    answer = connection.ask(session, "ACL", "GETUSER", name)
    user = _decode_user(answer)
    noted = connection.ask(session, "HGET", _OWNERS, name)
    note = json.loads(noted) if noted else {}
    return UserState(
        exists=answer is not None,
        is_on="on" in user["flags"],
        rules=_render_rules(user),
        passwords=user["passwords"],
        mark=_render_mark(note.get("owner", {})) if note else "",
        marked_rules=str(note.get("rules", "")),
    )


def is_foreign(state: UserState, *, owner: Owner, password: str) -> bool:
    """Return whether the name is not `owner`'s.

    A mark may be lost in a crash, as Redis writes it within a second; then a user that has the
    recorded password is known by it.
    """
    if state.mark:
        return state.mark != _render_mark(dict(owner.as_mapping()))
    return state.exists and _hash(password) not in state.passwords


def claim(session: Session, *, name: str, owner: Owner) -> None:
    """Mark the name as `owner`'s before there is anything of it."""
    _write_note(session, name=name, owner=owner, rules="")


def set_user(session: Session, *, name: str, owner: Owner, password: str) -> None:
    """Let the user log in with `password`, of which the server sees the hash, and nothing else."""
    connection.ask(
        session,
        "ACL",
        "SETUSER",
        name,
        *("reset", "on", f"#{_hash(password)}", f"~{name}:*", f"&{name}:*"),
        *("+@all", *_DENIED, *_ALLOWED),
    )
    user = _decode_user(connection.ask(session, "ACL", "GETUSER", name))
    _write_note(session, name=name, owner=owner, rules=_render_rules(user))


def bar(session: Session, name: str) -> None:
    """Keep the user from logging in and end its sessions; its keys stay."""
    connection.ask(session, "ACL", "SETUSER", name, "off", "resetpass")
    end_sessions(session, name)


def end_sessions(session: Session, name: str) -> None:
    """End every session of the user."""
    connection.ask(session, "CLIENT", "KILL", "USER", name)


def remove_user(session: Session, name: str) -> None:
    """Remove the user and end its sessions."""
    connection.ask(session, "ACL", "DELUSER", name)


def release(session: Session, name: str) -> None:
    """Remove the owner's mark, last of all."""
    connection.ask(session, "HDEL", _OWNERS, name)


def save(session: Session) -> bool:
    """Make the server remember its users across restarts; return False when it cannot."""
    for command in (("ACL", "SAVE"), ("CONFIG", "REWRITE")):
        try:
            connection.ask(session, *command)
        except redis.ResponseError:
            continue
        return True
    return False


def _write_note(session: Session, *, name: str, owner: Owner, rules: str) -> None:
    note = {"owner": dict(owner.as_mapping()), "rules": rules}
    connection.ask(session, "HSET", _OWNERS, name, json.dumps(note))


def _decode_user(answer: Sequence[object] | None) -> dict[str, list[str]]:
    """Return the fields of an answer to ACL GETUSER, each as a list of words."""
    user: dict[str, list[str]] = {"flags": [], "passwords": [], "commands": [], "keys": []}
    fields = iter(answer or ())
    for field in fields:
        user[_text(field)] = _words(next(fields))
    return user


def _words(value: object) -> list[str]:
    if isinstance(value, list):
        return [word for item in value for word in _words(item)]
    return _text(value).split()


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _render_rules(user: dict[str, list[str]]) -> str:
    # The order of commands is not kept by Redis when it loads its file of users.
    return json.dumps(
        {key: sorted(user[key]) for key in sorted(user) if key not in ("flags", "passwords")}
    )


def _render_mark(owner: dict[str, str]) -> str:
    return json.dumps(owner, sort_keys=True)


def _hash(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()
