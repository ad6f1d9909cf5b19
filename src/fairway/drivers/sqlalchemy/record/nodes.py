"""Live nodes by environment and id; as with deployments, no revision ever comes again."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from fairway.core.graph.live import LiveNode, NodeId
from fairway.drivers.sqlalchemy.codec import make_row
from fairway.drivers.sqlalchemy.dialect import Dialect, overwrite_and_count
from fairway.drivers.sqlalchemy.schema import node_consumers, nodes
from fairway.ports.store.nodes import Nodes

_FIELDS = [column for column in nodes.c if column.name != "is_removed"]
_ON_NODE = (node_consumers.c.environment == nodes.c.environment) & (
    node_consumers.c.node == nodes.c.id
)


class SqlNodes(Nodes):
    """The tables `nodes` and `node_consumers`."""

    def __init__(self, connection: Connection, dialect: Dialect) -> None:
        self._connection = connection
        self._dialect = dialect

    def find(self, environment: str, node: NodeId) -> LiveNode | None:
        found = self.find_many(environment, [node])
        return found[0] if found else None

    def find_many(self, environment: str, nodes_: Iterable[NodeId]) -> tuple[LiveNode, ...]:
        return self._list(nodes.c.environment == environment, nodes.c.id.in_(list(nodes_)))

    def list_all(
        self, *, environment: str | None = None, consumer: str | None = None
    ) -> tuple[LiveNode, ...]:
        conditions: list[sa.ColumnElement[bool]] = []
        if environment is not None:
            conditions.append(nodes.c.environment == environment)
        if consumer is not None:
            conditions.append(sa.exists().where(_ON_NODE, node_consumers.c.consumer == consumer))
        return self._list(*conditions)

    def put(self, node: LiveNode) -> LiveNode:
        put = self._dialect.make_put(nodes, change=overwrite_and_count).returning(nodes.c.revision)
        row = {**make_row(node), "revision": 1, "is_removed": False}
        del row["consumers"]
        stored = replace(node, revision=self._connection.execute(put, row).scalar_one())
        self._put_consumers(node)
        return stored

    def remove(self, environment: str, node: NodeId) -> None:
        self._remove_consumers(environment, node)
        self._connection.execute(
            sa.update(nodes)
            .where(nodes.c.environment == environment, nodes.c.id == node)
            .values(is_removed=True, spec={}, outputs={}, secrets={})
        )

    def _put_consumers(self, node: LiveNode) -> None:
        self._remove_consumers(node.environment, node.id)
        if node.consumers:
            self._connection.execute(
                sa.insert(node_consumers),
                [
                    {"environment": node.environment, "node": node.id, "consumer": consumer}
                    for consumer in sorted(node.consumers)
                ],
            )

    def _remove_consumers(self, environment: str, node: NodeId) -> None:
        self._connection.execute(
            sa.delete(node_consumers).where(
                node_consumers.c.environment == environment, node_consumers.c.node == node
            )
        )

    def _list(self, *conditions: sa.ColumnElement[bool]) -> tuple[LiveNode, ...]:
        query = (
            sa.select(*_FIELDS)
            .where(~nodes.c.is_removed, *conditions)
            .order_by(nodes.c.environment, nodes.c.id)
        )
        rows = self._connection.execute(query).mappings().all()
        consumers = self._list_consumers(*conditions) if rows else {}
        return tuple(
            LiveNode(
                **row,
                consumers=frozenset(consumers.get((row["environment"], row["id"]), ())),
            )
            for row in rows
        )

    def _list_consumers(
        self, *conditions: sa.ColumnElement[bool]
    ) -> Mapping[tuple[str, str], list[str]]:
        selected = sa.select(nodes.c.environment, nodes.c.id).where(*conditions).subquery()
        query = sa.select(node_consumers).where(
            node_consumers.c.environment == selected.c.environment,
            node_consumers.c.node == selected.c.id,
        )
        found: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for environment, node, consumer in self._connection.execute(query):
            found[environment, node].append(consumer)
        return found
