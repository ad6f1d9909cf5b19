"""Users by name, tokens by id and by digest."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from fairway.core.access.user import Token, User
from fairway.drivers.sqlalchemy.codec import make_row
from fairway.drivers.sqlalchemy.dialect import Dialect
from fairway.drivers.sqlalchemy.schema import tokens, users
from fairway.ports.store.users import Users


class SqlUsers(Users):
    """The tables `users` and `tokens`."""

    def __init__(self, connection: Connection, dialect: Dialect) -> None:
        self._connection = connection
        self._dialect = dialect

    def put(self, user: User) -> None:
        self._connection.execute(self._dialect.make_put(users), make_row(user))

    def find(self, name: str) -> User | None:
        row = (
            self._connection.execute(sa.select(users).where(users.c.name == name))
            .mappings()
            .one_or_none()
        )
        return User(**row) if row else None

    def list_users(self) -> tuple[User, ...]:
        rows = self._connection.execute(sa.select(users).order_by(users.c.name)).mappings()
        return tuple(User(**row) for row in rows)

    def add_token(self, token: Token) -> None:
        self._connection.execute(sa.insert(tokens), make_row(token))

    def find_token(self, digest: str) -> Token | None:
        query = sa.select(tokens).where(tokens.c.digest == digest)
        row = self._connection.execute(query).mappings().one_or_none()
        return Token(**row) if row else None

    def list_tokens(self, user: str) -> tuple[Token, ...]:
        query = (
            sa.select(tokens)
            .where(tokens.c.user == user)
            .order_by(tokens.c.created_at.desc(), tokens.c.id)
        )
        return tuple(Token(**row) for row in self._connection.execute(query).mappings())

    def remove_token(self, token_id: str) -> None:
        self._connection.execute(sa.delete(tokens).where(tokens.c.id == token_id))
