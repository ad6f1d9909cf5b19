"""Talking to a PostgreSQL server as its administrator.

Belongs here: where the server is, connecting, and turning its errors into problems. The statements
themselves are beside this file.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
from psycopg import conninfo, errors

from fairway.kits.errors import Refused, Unavailable

# Only names of the catalog are found unqualified: a role may have put its own functions into the
# schema `public` of its database, and the administrator must never call one.
_OPTIONS = "-c search_path=pg_catalog -c lock_timeout=60s -c statement_timeout=120s"
_CONNECT_SECONDS = 10

Session = psycopg.Connection[tuple[object, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A PostgreSQL server: `conninfo` is the administrator's and secret; the rest is for all."""

    conninfo: str = field(repr=False)
    host: str
    port: int
    ssl_mode: str = ""

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def make_server(dsn: str) -> Server:
    """Return the server that a connection URL or `key=value` string names.

    Raises:
        Refused: POSTGRES-DSN-INVALID; the problem never quotes the string, which holds a password.
    """
    try:
        parts = {key: str(value) for key, value in conninfo.conninfo_to_dict(dsn).items()}
        port = int(parts.get("port", "5432"))
    except (psycopg.ProgrammingError, ValueError) as error:
        raise _make_invalid("it is neither a URL nor a list of key=value") from error
    host = parts.get("host", "")
    if not host or host.startswith(("/", "@")) or "," in host:
        raise _make_invalid("it must name one host that workloads can reach over TCP")
    return Server(
        conninfo=conninfo.make_conninfo(dsn, dbname=parts.get("dbname", "postgres")),
        host=host,
        port=port,
        ssl_mode=parts.get("sslmode", ""),
    )


@contextmanager
def connect(server: Server, *, database: str | None = None) -> Iterator[Session]:
    """Open the administrator's session, each statement a transaction of its own.

    Raises:
        Unavailable: POSTGRES-AWAY. Refused: POSTGRES-DENIED.
    """
    target = conninfo.make_conninfo(server.conninfo, **({"dbname": database} if database else {}))
    with _translated(server):
        session = psycopg.connect(
            target,
            autocommit=True,
            connect_timeout=_CONNECT_SECONDS,
            application_name="fairway",
            options=_OPTIONS,
        )
    with session, _translated(server):
        yield session


def can_log_in(server: Server, *, name: str, password: str) -> bool:
    """Return whether the role `name` can use its database with `password`.

    Raises:
        Unavailable: POSTGRES-AWAY, the server did not even ask for the password.
    """
    try:
        psycopg.connect(
            server.conninfo,
            user=name,
            password=password,
            dbname=name,
            connect_timeout=_CONNECT_SECONDS,
        ).close()
    except psycopg.OperationalError as error:
        if error.pgconn and error.pgconn.used_password:
            return False
        raise _make_away(server, error) from error
    return True


@contextmanager
def _translated(server: Server) -> Iterator[None]:
    try:
        yield
    except errors.InsufficientPrivilege as error:
        raise Refused(
            "POSTGRES-DENIED",
            what=f"cannot use PostgreSQL server '{server}'",
            why=_get_reason(error),
            fix="give the administrator in inputs.dsn the attributes CREATEDB and CREATEROLE, "
            "and for extensions that are not trusted SUPERUSER",
        ) from error
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise _make_away(server, error) from error


def _make_away(server: Server, error: psycopg.Error) -> Unavailable:
    return Unavailable(
        "POSTGRES-AWAY",
        what=f"cannot reach PostgreSQL server '{server}'",
        why=_get_reason(error),
        fix="start the server, or correct the provisioner's inputs, and try again",
        delay_seconds=2.0,
    )


def _make_invalid(why: str) -> Refused:
    return Refused(
        "POSTGRES-DSN-INVALID",
        what="cannot use the provisioner's inputs.dsn",
        why=why,
        fix="write it as postgresql://admin:password@host:5432/postgres",
    )


def _get_reason(error: psycopg.Error) -> str:
    """Return the server's own sentence, which never quotes a password."""
    if error.diag.message_primary:
        return error.diag.message_primary
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
