"""Talking to a Redis server as its administrator.

Belongs here: where the server is, connecting, and turning its errors into problems.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.connection import parse_url
from redis.retry import Retry

from fairway.kits.errors import Problem, Refused, Unavailable

_SECONDS = 30
_CONNECT_SECONDS = 5
_OLDEST = (7, 0)

Session = redis.Redis


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A Redis server: `url` is the administrator's and secret; the rest is for all."""

    url: str = field(repr=False)
    host: str
    port: int
    is_tls: bool = False

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def make_server(url: str) -> Server:
    """Return the server that a URL names.

    Raises:
        Refused: REDIS-URL-INVALID; the problem never quotes the URL, which holds a password.
    """
    try:
        parts = _parse(url)
    except ValueError as error:
        raise _make_invalid("it is not a Redis URL") from error
    if not parts.get("host"):
        raise _make_invalid("it must name a host that workloads can reach over TCP")
    if parts.get("db"):
        raise _make_invalid(f"it names database {parts['db']}; resources live in database 0")
    return Server(
        url=url,
        host=str(parts["host"]),
        port=int(parts.get("port", 6379)),
        is_tls=url.startswith("rediss:"),
    )


def open_session(url: str, *, username: str | None = None, password: str | None = None) -> Session:
    """Return a session that answers in bytes and never retries; the caller closes it."""
    login = {"username": username, "password": password} if username else {}
    parts = {**_parse(url), **login}
    pool = redis.ConnectionPool(
        **parts,
        protocol=2,
        socket_timeout=_SECONDS,
        socket_connect_timeout=_CONNECT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    return redis.Redis.from_pool(pool)


@contextmanager
def connect(server: Server) -> Iterator[Session]:
    """Open the administrator's session.

    Raises:
        Unavailable: REDIS-AWAY.
        Refused: REDIS-DENIED. REDIS-OLD, the server is older than 7.0.
    """
    with open_session(server.url) as session, _translated(server):
        _check_version(server, session)
        yield session


def can_log_in(server: Server, *, name: str, password: str) -> bool:
    """Return whether the user `name` may use the server with `password`.

    Raises:
        Unavailable: REDIS-AWAY.
    """
    with _translated(server), open_session(server.url, username=name, password=password) as session:
        try:
            return bool(session.ping())
        except redis.AuthenticationError:
            return False


def ask(session: Session, *words: str | bytes | int) -> Any:
    """Send a command, a word each, and return its answer; a pipeline answers later, all at once."""
    return session.execute_command(*words)  # type: ignore[no-untyped-call] # by the library


def _parse(url: str) -> dict[str, Any]:
    return dict(parse_url(url))  # type: ignore[no-untyped-call] # by the library


def _check_version(server: Server, session: Session) -> None:
    version = str(session.info("server")["redis_version"])
    if tuple(int(part) for part in version.split(".")[:2]) < _OLDEST:
        raise Refused(
            "REDIS-OLD",
            what=f"cannot use Redis server '{server}'",
            why=f"it is version {version}, which cannot keep resources apart",
            fix="use Redis 7.0 or newer, or Valkey",
        )


@contextmanager
def _translated(server: Server) -> Iterator[None]:
    try:
        yield
    except Problem:
        raise
    except (redis.AuthenticationError, redis.exceptions.NoPermissionError) as error:
        raise Refused(
            "REDIS-DENIED",
            what=f"cannot use Redis server '{server}'",
            why=str(error),
            fix="give inputs.url a user that may run every command on every key",
        ) from error
    except (redis.ConnectionError, redis.TimeoutError, redis.exceptions.BusyLoadingError) as error:
        raise Unavailable(
            "REDIS-AWAY",
            what=f"cannot reach Redis server '{server}'",
            why=str(error),
            fix="start the server, or correct the provisioner's inputs.url, and try again",
            delay_seconds=2.0,
        ) from error
    except (redis.exceptions.OutOfMemoryError, redis.exceptions.ReadOnlyError) as error:
        raise Unavailable(
            "REDIS-NOT-WRITABLE",
            what=f"cannot write to Redis server '{server}'",
            why=str(error),
            fix="give the server memory and disk space, or name the primary in inputs.url",
            delay_seconds=10.0,
        ) from error


def _make_invalid(why: str) -> Refused:
    return Refused(
        "REDIS-URL-INVALID",
        what="cannot use the provisioner's inputs.url",
        why=why,
        fix="write it as redis://admin:password@host:6379/0",
    )
