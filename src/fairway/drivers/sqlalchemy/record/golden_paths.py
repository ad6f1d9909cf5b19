"""Versions of golden paths, links and offers of upgrades."""

from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from fairway.core.golden_path.golden_path import PathLink, PathVersion, UpgradeOffer
from fairway.drivers.sqlalchemy.codec import make_row
from fairway.drivers.sqlalchemy.dialect import Dialect, overwrite_and_count
from fairway.drivers.sqlalchemy.source_schema import path_links, path_versions, upgrade_offers
from fairway.ports.store.golden_paths import GoldenPaths


class SqlGoldenPaths(GoldenPaths):
    """The tables `path_versions`, `path_links` and `upgrade_offers`."""

    def __init__(self, connection: Connection, dialect: Dialect) -> None:
        self._connection = connection
        self._dialect = dialect

    def add_version(self, version: PathVersion) -> None:
        self._connection.execute(sa.insert(path_versions), make_row(version))

    def find_version(self, path: str, version: str) -> PathVersion | None:
        found = self._list_versions(
            path_versions.c.path == path, path_versions.c.version == version
        )
        return found[0] if found else None

    def list_versions(self, path: str) -> tuple[PathVersion, ...]:
        return self._list_versions(path_versions.c.path == path)

    def list_published(self, repository: str) -> tuple[PathVersion, ...]:
        return self._list_versions(path_versions.c.repository == repository)

    def put_link(self, link: PathLink) -> PathLink:
        return replace(link, revision=self._put(path_links, link))

    def find_link(self, component: str) -> PathLink | None:
        return next(iter(self._list_links(path_links.c.component == component)), None)

    def list_links(self, *, path: str | None = None) -> tuple[PathLink, ...]:
        return self._list_links(*(() if path is None else (path_links.c.path == path,)))

    def remove_link(self, component: str) -> None:
        for column in (path_links.c.component, upgrade_offers.c.component):
            self._connection.execute(sa.delete(column.table).where(column == component))

    def put_offer(self, offer: UpgradeOffer) -> UpgradeOffer:
        return replace(offer, revision=self._put(upgrade_offers, offer))

    def find_offer(self, component: str) -> UpgradeOffer | None:
        return next(iter(self._list_offers(upgrade_offers.c.component == component)), None)

    def list_offers(self, *, path: str | None = None) -> tuple[UpgradeOffer, ...]:
        return self._list_offers(*(() if path is None else (upgrade_offers.c.path == path,)))

    def _put(self, table: sa.Table, value: PathLink | UpgradeOffer) -> int:
        put = self._dialect.make_put(table, change=overwrite_and_count)
        row = {**make_row(value), "revision": 1}
        return int(self._connection.execute(put.returning(table.c.revision), row).scalar_one())

    def _list_versions(self, *conditions: sa.ColumnElement[bool]) -> tuple[PathVersion, ...]:
        query = sa.select(path_versions).where(*conditions)
        query = query.order_by(path_versions.c.published_at.desc(), path_versions.c.version.desc())
        return tuple(PathVersion(**row) for row in self._connection.execute(query).mappings())

    def _list_links(self, *conditions: sa.ColumnElement[bool]) -> tuple[PathLink, ...]:
        query = sa.select(path_links).where(*conditions).order_by(path_links.c.component)
        return tuple(PathLink(**row) for row in self._connection.execute(query).mappings())

    def _list_offers(self, *conditions: sa.ColumnElement[bool]) -> tuple[UpgradeOffer, ...]:
        query = sa.select(upgrade_offers).where(*conditions).order_by(upgrade_offers.c.component)
        return tuple(UpgradeOffer(**row) for row in self._connection.execute(query).mappings())
