"""Artifacts by digest, releases by component and number."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from fairway.core.release.release import Artifact, Release
from fairway.drivers.sqlalchemy.codec import make_row
from fairway.drivers.sqlalchemy.dialect import Columns, Dialect
from fairway.drivers.sqlalchemy.schema import artifacts, releases
from fairway.kits.digest import Digest
from fairway.ports.store.releases import Releases

_ARTIFACT_FIELDS = [column for column in artifacts.c if column.name != "sequence"]
_RELEASE_FIELDS = [column for column in releases.c if column.name != "artifact"]


class SqlReleases(Releases):
    """The tables `artifacts` and `releases`."""

    def __init__(self, connection: Connection, dialect: Dialect) -> None:
        self._connection = connection
        self._dialect = dialect

    def put_artifact(self, artifact: Artifact) -> None:
        put = self._dialect.make_put(artifacts, key=("digest",), change=_add_tests)
        self._connection.execute(put, make_row(artifact))

    def find_artifact(self, digest: Digest) -> Artifact | None:
        return self._find_artifact(artifacts.c.digest == digest)

    def find_artifact_by_source(self, component: str, source: Digest) -> Artifact | None:
        return self._find_artifact(artifacts.c.component == component, artifacts.c.source == source)

    def add(self, release: Release) -> Release:
        next_number = (
            sa.select(sa.func.coalesce(sa.func.max(releases.c.number), 0) + 1)
            .where(releases.c.component == release.component)
            .scalar_subquery()
        )
        row = {**make_row(release), "artifact": release.artifact.digest, "number": next_number}
        number = self._connection.execute(
            sa.insert(releases).values(row).returning(releases.c.number)
        ).scalar_one()
        return replace(release, number=number)

    def find(self, component: str, number: int) -> Release | None:
        found = self._list(releases.c.component == component, releases.c.number == number, limit=1)
        return found[0] if found else None

    def list_by_component(self, component: str, *, limit: int = 50) -> tuple[Release, ...]:
        return self._list(releases.c.component == component, limit=limit)

    def _find_artifact(self, *conditions: sa.ColumnElement[bool]) -> Artifact | None:
        query = (
            sa.select(*_ARTIFACT_FIELDS)
            .where(*conditions)
            .order_by(artifacts.c.sequence.desc())
            .limit(1)
        )
        row = self._connection.execute(query).mappings().one_or_none()
        return Artifact(**row) if row else None

    def _list(self, *conditions: sa.ColumnElement[bool], limit: int) -> tuple[Release, ...]:
        query = (
            sa.select(*_RELEASE_FIELDS, *(c.label(f"artifact_{c.name}") for c in _ARTIFACT_FIELDS))
            .join_from(releases, artifacts, releases.c.artifact == artifacts.c.digest)
            .where(*conditions)
            .order_by(releases.c.number.desc())
            .limit(limit)
        )
        return tuple(_make_release(row) for row in self._connection.execute(query))


def _add_tests(old: Columns, new: Columns) -> Mapping[str, Any]:
    return {"tests": sa.func.coalesce(old.tests, new.tests)}


def _make_release(row: sa.Row[Any]) -> Release:
    split = len(_RELEASE_FIELDS)
    names = [column.name for column in _RELEASE_FIELDS]
    artifact = {c.name: v for c, v in zip(_ARTIFACT_FIELDS, row[split:], strict=True)}
    return Release(**dict(zip(names, row[:split], strict=True)), artifact=Artifact(**artifact))
