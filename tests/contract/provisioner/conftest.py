"""The systems that the suite runs on: real servers, started once and stopped at the end."""

import functools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo

from fairway.drivers.local_server.record import ServerRecord
from fairway.drivers.postgresql import server
from fairway.drivers.postgresql.provisioner import PostgresqlProvisioner
from fairway.drivers.redis import server as redis_server
from fairway.drivers.redis.provisioner import RedisProvisioner
from tests.contract.provisioner.postgresql_subject import PostgresqlSubject
from tests.contract.provisioner.redis_subject import RedisSubject
from tests.contract.provisioner.subject import Subject


@pytest.fixture(scope="session")
def data_root() -> Iterator[Path]:
    """A folder that servers' own accounts can reach, unlike pytest's."""
    with tempfile.TemporaryDirectory(prefix="fairway-test-", dir="/var/tmp") as folder:
        path = Path(folder)
        path.chmod(0o755)
        yield path


@contextmanager
def _running(home: Path, data_root: Path) -> Iterator[ServerRecord]:
    """Run a managed PostgreSQL."""
    local = server.make_local_server(16, home=home, data_root=data_root)
    try:
        yield local.ensure()
    finally:
        local.stop()


@pytest.fixture(scope="session")
def managed_postgresql(
    tmp_path_factory: pytest.TempPathFactory, data_root: Path
) -> Iterator[Subject]:
    """The server that the driver runs itself."""
    home = tmp_path_factory.mktemp("managed-postgresql")
    with _running(home, data_root) as record:
        make = functools.partial(PostgresqlProvisioner, home, data_root=data_root)
        superuser = server.make_conninfo(record)
        yield PostgresqlSubject(
            make, inputs={"server": "managed"}, conninfo=superuser, admin="fairway"
        )


@pytest.fixture(scope="session")
def given_postgresql(
    tmp_path_factory: pytest.TempPathFactory, data_root: Path
) -> Iterator[Subject]:
    """A server that somebody else runs, with an administrator who is no superuser."""
    home = tmp_path_factory.mktemp("given-postgresql")
    with _running(tmp_path_factory.mktemp("somebody-else"), data_root) as record:
        superuser = server.make_conninfo(record)
        with (Path(record.data) / "pg_hba.conf").open("a") as access:
            access.write("host all postgres 127.0.0.1/32 scram-sha-256\n")
        with psycopg.connect(superuser, autocommit=True) as session:
            session.execute("SELECT pg_reload_conf()")
            session.execute("CREATE ROLE postgres LOGIN CREATEDB CREATEROLE PASSWORD 'p@ss/word'")
        dsn = conninfo.make_conninfo(superuser, user="postgres", password="p@ss/word")
        make = functools.partial(PostgresqlProvisioner, home)
        yield PostgresqlSubject(make, inputs={"dsn": dsn}, conninfo=superuser, admin="postgres")


@pytest.fixture(scope="session")
def managed_redis(tmp_path_factory: pytest.TempPathFactory, data_root: Path) -> Iterator[Subject]:
    """The server that the driver runs itself."""
    home = tmp_path_factory.mktemp("managed-redis")
    local = redis_server.make_local_server(home=home, data_root=data_root)
    try:
        url = redis_server.make_url(local.ensure())
        make = functools.partial(RedisProvisioner, home, data_root=data_root)
        yield RedisSubject(make, inputs={}, url=url)
    finally:
        local.stop()


@pytest.fixture(scope="session")
def given_redis(tmp_path_factory: pytest.TempPathFactory, data_root: Path) -> Iterator[Subject]:
    """A server that somebody else runs."""
    home = tmp_path_factory.mktemp("given-redis")
    local = redis_server.make_local_server(
        home=tmp_path_factory.mktemp("somebody-elses-redis"), data_root=data_root
    )
    try:
        url = redis_server.make_url(local.ensure())
        yield RedisSubject(functools.partial(RedisProvisioner, home), inputs={"url": url}, url=url)
    finally:
        local.stop()


@pytest.fixture(params=["managed_postgresql", "given_postgresql", "managed_redis", "given_redis"])
def subject(request: pytest.FixtureRequest) -> Subject:
    """Each driver on each kind of system."""
    found: Subject = request.getfixturevalue(request.param)
    return found
