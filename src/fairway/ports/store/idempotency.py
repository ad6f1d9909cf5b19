"""Idempotency keys of the API.

Belongs here: remembering what a mutating request was answered, so that a repeat gets the same.
"""

from abc import abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberedAnswer:
    """The first answer to `key` by `actor`; `request` is the digest of method, path and body."""

    actor: str
    key: str
    request: str
    status: int
    body: bytes
    at: datetime


class IdempotencyKeys(Protocol):
    """Answers by actor and key."""

    @abstractmethod
    def find(self, actor: str, key: str) -> RememberedAnswer | None:
        """Return the answer or None."""

    @abstractmethod
    def put(self, answer: RememberedAnswer) -> None:
        """Remember `answer`; a key that exists is an error of the caller."""

    @abstractmethod
    def remove_before(self, at: datetime) -> int:
        """Forget answers older than `at`; return how many."""
