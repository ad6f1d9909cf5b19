"""The driver `postgresql`: one role and one database for each resource.

Belongs here: the contract of the port in terms of what is beside this file.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg

from fairway.core.definition.definition import DeleteAction
from fairway.drivers.local_server import tenant
from fairway.drivers.local_server.server import LocalServer
from fairway.drivers.local_server.tenant import Owner
from fairway.drivers.postgresql import comparison, connection, database, dump, inputs
from fairway.drivers.postgresql.connection import Server, Session
from fairway.drivers.postgresql.database import DatabaseState
from fairway.kits import quantity
from fairway.kits.canonical import JsonObject
from fairway.kits.errors import Refused
from fairway.ports.provisioner import (
    Loss,
    Observation,
    Progress,
    Provisioner,
    ResourceSpec,
    Rotating,
)

_USUAL = "postgres.default"


class PostgresqlProvisioner(Provisioner, Rotating):
    """Provisions on any PostgreSQL from 13 on, or on the one it runs for the platform in `home`.

    `data_root` is where servers of its own keep their data (see `local_server.server`).
    `installation` tells platforms apart that share a server; replicas of one platform must agree.
    """

    def __init__(
        self, home: Path, *, data_root: Path | None = None, installation: str | None = None
    ) -> None:
        self._home = home
        self._servers = inputs.Servers(home=home, data_root=data_root)
        self._installation = installation

    def get_inputs_schema(self) -> JsonObject:
        """Return the schema; a managed server of version 16 when nothing is said."""
        return inputs.SCHEMA

    def list_servers(self) -> tuple[LocalServer, ...]:
        """Return the servers that this driver runs, to describe or to stop them."""
        return self._servers.list_managed()

    def observe(self, spec: ResourceSpec) -> Observation:
        """Compare role, database, extensions and login; starts a managed server that is down."""
        name = _make_name(spec)
        server = self._servers.find(spec)
        if server is None:
            return Observation(state="missing")
        with connection.connect(server) as session:
            state = self._read_own(session, spec, verb="observe")
        if not state.has_role and not state.has_database:
            return Observation(state="missing")
        differences = comparison.find_differences(state, name=name, server=server, spec=spec)
        if not differences:
            differences = comparison.find_inner_differences(
                server,
                name=name,
                password=str(spec.outputs.get("password") or ""),
                extensions=inputs.get_extensions(spec),
            )
        return Observation(state="drifted" if differences else "present", differences=differences)

    def apply(self, spec: ResourceSpec, progress: Progress) -> JsonObject:
        """Make the role and the database and return how to reach them."""
        name = _make_name(spec)
        server = self._servers.get(spec)
        extensions = inputs.get_extensions(spec)
        with _holding(server, name) as session:
            state = self._read_own(session, spec, verb="apply")
            comparison.check_not_moved(spec, server, state)
            comparison.check_extensions(session, spec, extensions)
            owner = self._make_owner(spec)
            database.apply_role(session, state, name=name, owner=owner)
            database.apply_database(session, state, name=name, owner=owner)
            with connection.connect(server, database=name) as inside:
                database.apply_schema(inside, name=name, extensions=extensions)
            password = str(spec.outputs.get("password") or _make_password())
            is_set = state.can_log_in and connection.can_log_in(
                server, name=name, password=password
            )
            if not is_set:
                database.set_password(session, name=name, password=password)
        progress(f"role {name}, database {name}")
        return _make_outputs(server, name, password)

    def rotate(self, spec: ResourceSpec, progress: Progress) -> JsonObject:
        """Set a new password; sessions go on unless `inputs.rotationEndsSessions`."""
        name = _make_name(spec)
        server = self._servers.get(spec)
        with _holding(server, name) as session:
            state = self._read_own(session, spec, verb="rotate")
            if not state.has_role or not state.has_database:
                raise _make_missing(spec, verb="rotate", name=name)
            password = _make_password()
            database.set_password(session, name=name, password=password)
            if spec.inputs.get("rotationEndsSessions"):
                database.end_sessions(session, name)
        progress(f"password of role {name}")
        return _make_outputs(server, name, password)

    def preview_delete(self, spec: ResourceSpec) -> Loss | None:
        """Return the tables and their size."""
        name = _make_name(spec)
        server = self._servers.find(spec)
        if server is None:
            return None
        with connection.connect(server) as session:
            state = self._read_own(session, spec, verb="delete")
        if not state.has_database:
            return None
        with connection.connect(server, database=name) as inside:
            tables, size, objects = database.count_tables(inside)
        if not tables and not objects:
            return None
        noun = "table" if tables == 1 else "tables"
        more = f" and {objects} large objects" if objects else ""
        return Loss(
            summary=f"{quantity.render_bytes(size)} in {tables} {noun}{more}", size_bytes=size
        )

    def delete(self, spec: ResourceSpec, action: DeleteAction, progress: Progress) -> None:
        """Drop database and role; `keep` only bars the role; `snapshot` dumps first."""
        name = _make_name(spec)
        server = self._servers.find(spec)
        if server is None:
            return
        with _holding(server, name) as session:
            state = self._read_own(session, spec, verb="delete")
            if state.has_role and action != "delete":
                database.remove_access(session, name)
            if action == "keep":
                if state.has_role:
                    progress(f"kept database {name}, role {name} cannot log in")
                return
            if action == "snapshot" and state.has_database:
                path = _dump(server, session, name, self._home / "backups" / spec.environment)
                progress(f"backup {path} ({quantity.render_bytes(path.stat().st_size)})")
            _drop(session, name)
        if state.has_role or state.has_database:
            progress(f"dropped database {name}, role {name}")

    def backup(self, spec: ResourceSpec, folder: Path) -> Path:
        """Write a dump of the database into `folder` and return its path.

        Raises:
            Refused: POSTGRES-MISSING, POSTGRES-DUMP-MISSING.
            Unavailable: POSTGRES-DUMP-FAILED, POSTGRES-AWAY.
        """
        name = _make_name(spec)
        server = self._servers.find(spec)
        if server:
            with connection.connect(server) as session:
                if self._read_own(session, spec, verb="back up").has_database:
                    return _dump(server, session, name, folder)
        raise _make_missing(spec, verb="back up", name=name)

    def _read_own(self, session: Session, spec: ResourceSpec, *, verb: str) -> DatabaseState:
        """Return what there is of the resource, and refuse what is somebody else's."""
        name = _make_name(spec)
        state = database.read_state(session, name)
        what = f"cannot {verb} resource '{spec.id}'"
        comparison.check_owner(state, name=name, owner=self._make_owner(spec), what=what)
        return state

    def _make_owner(self, spec: ResourceSpec) -> Owner:
        return Owner(
            installation=self._installation or tenant.get_installation(self._home),
            environment=spec.environment,
            id=spec.id,
        )


@contextmanager
def _holding(server: Server, name: str) -> Iterator[Session]:
    with connection.connect(server) as session:
        database.lock(session, name)
        yield session


def _dump(server: Server, session: Session, name: str, folder: Path) -> Path:
    major = session.info.server_version // 10_000
    return dump.write_dump(server, database=name, major=major, folder=folder)


def _drop(session: Session, name: str) -> None:
    try:
        database.drop(session, name)
    except psycopg.errors.DependentObjectsStillExist as error:
        raise Refused(
            "POSTGRES-IN-USE",
            what=f"cannot delete role '{name}'",
            why=error.diag.message_detail or "another database depends on it",
            fix=f'in that database, as its administrator: DROP OWNED BY "{name}"',
            status=409,
        ) from error


def _make_name(spec: ResourceSpec) -> str:
    return tenant.make_name(spec.environment, spec.id, usual=_USUAL)


def _make_password() -> str:
    return secrets.token_urlsafe(24)


def _make_outputs(server: Server, name: str, password: str) -> JsonObject:
    host = f"[{server.host}]" if ":" in server.host else server.host
    login = f"{quote(name, safe='')}:{quote(password, safe='')}"
    query = f"?sslmode={server.ssl_mode}" if server.ssl_mode else ""
    return {
        "host": server.host,
        "port": server.port,
        "name": name,
        "username": name,
        "password": password,
        "url": f"postgresql://{login}@{host}:{server.port}/{quote(name, safe='')}{query}",
    }


def _make_missing(spec: ResourceSpec, *, verb: str, name: str) -> Refused:
    return Refused(
        "POSTGRES-MISSING",
        what=f"cannot {verb} resource '{spec.id}'",
        why=f"database '{name}' does not exist",
        fix="deploy its component, which makes it anew",
        status=404,
    )
