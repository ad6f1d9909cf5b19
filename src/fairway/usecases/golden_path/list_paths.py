"""What golden paths there are.

Belongs here: joining entities, versions and links for people to choose by.
"""

from dataclasses import dataclass

from fairway.core.catalog.entity import Entity
from fairway.core.golden_path import version
from fairway.core.golden_path.golden_path import PathVersion
from fairway.kits.errors import Refused
from fairway.ports.store.entities import EntityQuery
from fairway.ports.store.store import Transaction

MOST_PATHS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class PathSummary:
    """A golden path: its entity, its versions with the newest first, how many services it has."""

    entity: Entity
    versions: tuple[PathVersion, ...]
    services: int


def list_paths(tx: Transaction) -> tuple[PathSummary, ...]:
    """Return the published paths by name."""
    page = tx.entities.query(EntityQuery(kind="GoldenPath", limit=MOST_PATHS))
    summaries = (_summarise(tx, item.entity) for item in page.items)
    return tuple(summary for summary in summaries if summary.versions)


def get_path(tx: Transaction, name: str) -> PathSummary:
    """Return the path.

    Raises:
        Refused: PATH-UNKNOWN.
    """
    stored = tx.entities.find(f"goldenpath:default/{name}")
    summary = _summarise(tx, stored.entity) if stored else None
    if summary is None or not summary.versions:
        raise Refused(
            "PATH-UNKNOWN",
            what=f"cannot use golden path '{name}'",
            why="no version of a path of that name was published",
            fix="see those there are with: fairway path list",
            status=404,
        )
    return summary


def _summarise(tx: Transaction, entity: Entity) -> PathSummary:
    versions = {item.version: item for item in tx.golden_paths.list_versions(entity.name)}
    newest = version.find_newest(versions)
    ordered = sorted(versions.values(), key=lambda item: item.version != newest)
    return PathSummary(
        entity=entity,
        versions=tuple(ordered),
        services=len(tx.golden_paths.list_links(path=entity.name)),
    )
