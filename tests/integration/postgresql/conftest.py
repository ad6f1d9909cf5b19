"""A platform home with one managed PostgreSQL, made once and stopped at the end."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from fairway.core.graph.live import NodeId
from fairway.drivers.postgresql.provisioner import PostgresqlProvisioner
from fairway.kits.canonical import JsonObject
from fairway.ports.provisioner import ResourceSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """A home, where its servers keep their data, and the driver on both."""

    home: Path
    data_root: Path

    def open(self) -> PostgresqlProvisioner:
        return PostgresqlProvisioner(self.home, data_root=self.data_root)


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with tempfile.TemporaryDirectory(prefix="fairway-test-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        found = Platform(home=tmp_path_factory.mktemp("home"), data_root=Path(folder))
        try:
            yield found
        finally:
            for local in found.open().list_servers():
                local.stop()


def make_spec(
    environment: str, *, params: JsonObject | None = None, inputs: JsonObject | None = None
) -> ResourceSpec:
    """Return the spec of the database `db` of component `orders` in `environment`."""
    return ResourceSpec(
        environment=environment,
        id=NodeId("postgres.default#orders.db"),
        type="postgres",
        class_="default",
        component="orders",
        params=params or {},
        inputs=inputs or {},
        key=environment,
    )
