"""Users and their tokens.

Belongs here: values only. A token's clear text exists once, in the answer that made it.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person or a machine account; `groups` are refs such as `group:platform`."""

    name: str
    groups: frozenset[str]
    is_admin: bool = False
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A bearer token of `user`; `digest` is the SHA-256 of its clear text."""

    id: str
    user: str
    digest: str
    title: str
    created_at: datetime
    expires_at: datetime | None = None
