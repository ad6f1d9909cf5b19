"""Deployments by environment and component.

A removed one stays as a row, so that its revision never comes again: a plan that was made on the
old one is stale, not by chance valid.
"""

from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from fairway.drivers.sqlalchemy.codec import make_row
from fairway.drivers.sqlalchemy.dialect import Dialect, overwrite_and_count
from fairway.drivers.sqlalchemy.schema import deployments, rollouts
from fairway.ports.store.deployments import Deployment, Deployments, Rollout

_FIELDS = [column for column in deployments.c if column.name != "is_removed"]


class SqlDeployments(Deployments):
    """The tables `deployments` and `rollouts`."""

    def __init__(self, connection: Connection, dialect: Dialect) -> None:
        self._connection = connection
        self._dialect = dialect

    def find(self, environment: str, component: str) -> Deployment | None:
        found = self._list(
            deployments.c.environment == environment, deployments.c.component == component
        )
        return found[0] if found else None

    def list_all(
        self, *, environment: str | None = None, component: str | None = None
    ) -> tuple[Deployment, ...]:
        conditions = []
        if environment is not None:
            conditions.append(deployments.c.environment == environment)
        if component is not None:
            conditions.append(deployments.c.component == component)
        return self._list(*conditions)

    def put(self, deployment: Deployment) -> Deployment:
        put = self._dialect.make_put(deployments, change=overwrite_and_count).returning(
            deployments.c.revision
        )
        row = {**make_row(deployment), "revision": 1, "is_removed": False}
        return replace(deployment, revision=self._connection.execute(put, row).scalar_one())

    def remove(self, environment: str, component: str) -> None:
        self._connection.execute(
            sa.update(deployments)
            .where(deployments.c.environment == environment, deployments.c.component == component)
            .values(is_removed=True)
        )

    def add_rollout(self, rollout: Rollout) -> None:
        self._connection.execute(self._dialect.make_add(rollouts), make_row(rollout))

    def list_rollouts(
        self, environment: str, component: str, *, limit: int = 50
    ) -> tuple[Rollout, ...]:
        query = (
            sa.select(rollouts)
            .where(rollouts.c.environment == environment, rollouts.c.component == component)
            .order_by(rollouts.c.run.desc())
            .limit(limit)
        )
        return tuple(Rollout(**row) for row in self._connection.execute(query).mappings())

    def _list(self, *conditions: sa.ColumnElement[bool]) -> tuple[Deployment, ...]:
        query = (
            sa.select(*_FIELDS)
            .where(~deployments.c.is_removed, *conditions)
            .order_by(deployments.c.component, deployments.c.environment)
        )
        return tuple(Deployment(**row) for row in self._connection.execute(query).mappings())
