"""Users and tokens.

Belongs here: who may knock, by the digest of what they show.
"""

from abc import abstractmethod
from typing import Protocol

from fairway.core.access.user import Token, User


class Users(Protocol):
    """Users by name, tokens by id and by digest."""

    @abstractmethod
    def put(self, user: User) -> None:
        """Insert or overwrite the user."""

    @abstractmethod
    def find(self, name: str) -> User | None:
        """Return the user or None."""

    @abstractmethod
    def list_users(self) -> tuple[User, ...]:
        """Return all users by name."""

    @abstractmethod
    def add_token(self, token: Token) -> None:
        """Store a token."""

    @abstractmethod
    def find_token(self, digest: str) -> Token | None:
        """Return the token whose clear text has this SHA-256, or None."""

    @abstractmethod
    def list_tokens(self, user: str) -> tuple[Token, ...]:
        """Return the user's tokens, newest first."""

    @abstractmethod
    def remove_token(self, token_id: str) -> None:
        """Remove the token; absent already is success."""
