"""Repositories by name, pushes by number, statuses by commit."""

from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from fairway.core.source.origin import Origin
from fairway.core.source.repository import CommitStatus, Push, Repository
from fairway.drivers.sqlalchemy.codec import make_row
from fairway.drivers.sqlalchemy.dialect import Dialect, overwrite_and_count
from fairway.drivers.sqlalchemy.source_schema import (
    commit_statuses,
    origins,
    pushes,
    repositories,
)
from fairway.ports.store.repositories import Repositories


class SqlRepositories(Repositories):
    """The tables `repositories`, `origins`, `pushes` and `commit_statuses`."""

    def __init__(self, connection: Connection, dialect: Dialect) -> None:
        self._connection = connection
        self._dialect = dialect

    def put(self, repository: Repository) -> Repository:
        put = self._dialect.make_put(repositories, change=overwrite_and_count)
        row = {**make_row(repository), "revision": 1}
        revision = self._connection.execute(put.returning(repositories.c.revision), row)
        return replace(repository, revision=revision.scalar_one())

    def find(self, name: str) -> Repository | None:
        return next(iter(self._list(repositories.c.name == name)), None)

    def find_by_component(self, component: str) -> Repository | None:
        return next(iter(self._list(repositories.c.component == component)), None)

    def list_all(self) -> tuple[Repository, ...]:
        return self._list()

    def remove(self, name: str) -> None:
        for column in (
            commit_statuses.c.repository,
            pushes.c.repository,
            origins.c.repository,
            repositories.c.name,
        ):
            self._connection.execute(sa.delete(column.table).where(column == name))

    def put_origin(self, origin: Origin) -> None:
        self._connection.execute(self._dialect.make_put(origins), make_row(origin))

    def find_origin(self, repository: str) -> Origin | None:
        query = sa.select(origins).where(origins.c.repository == repository)
        row = self._connection.execute(query).mappings().one_or_none()
        return None if row is None else Origin(**row)

    def add_push(self, push: Push) -> Push:
        row = make_row(push)
        del row["number"]
        insert = sa.insert(pushes).values(row).returning(pushes.c.number)
        return replace(push, number=self._connection.execute(insert).scalar_one())

    def find_last_push(self, repository: str, branch: str) -> Push | None:
        return next(iter(self.list_pushes(repository, branch=branch, limit=1)), None)

    def list_pushes(
        self, repository: str, *, branch: str | None = None, limit: int = 50
    ) -> tuple[Push, ...]:
        query = sa.select(pushes).where(pushes.c.repository == repository)
        if branch is not None:
            query = query.where(pushes.c.branch == branch)
        query = query.order_by(pushes.c.number.desc()).limit(limit)
        return tuple(Push(**row) for row in self._connection.execute(query).mappings())

    def put_status(self, status: CommitStatus) -> None:
        self._connection.execute(self._dialect.make_put(commit_statuses), make_row(status))

    def list_statuses(self, repository: str, commit: str) -> tuple[CommitStatus, ...]:
        query = (
            sa.select(commit_statuses)
            .where(commit_statuses.c.repository == repository, commit_statuses.c.commit == commit)
            .order_by(commit_statuses.c.context)
        )
        return tuple(CommitStatus(**row) for row in self._connection.execute(query).mappings())

    def _list(self, *conditions: sa.ColumnElement[bool]) -> tuple[Repository, ...]:
        query = sa.select(repositories).where(*conditions).order_by(repositories.c.name)
        return tuple(Repository(**row) for row in self._connection.execute(query).mappings())
