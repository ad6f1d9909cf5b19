"""The Redis server that Fairway runs itself.

Belongs here: what makes a local server Redis: its configuration, launching it. It listens on the
loopback interface only, keeps an append-only file, and knows no user without a password.
"""

import hashlib
import shutil
import signal
from pathlib import Path

import redis

from fairway.drivers.local_server.account import Account
from fairway.drivers.local_server.engine import Engine, ServerFailed
from fairway.drivers.local_server.record import ServerRecord
from fairway.drivers.local_server.server import LocalServer
from fairway.drivers.redis import connection
from fairway.kits.errors import Refused

ADMIN = "fairway"
_NAME = "redis"
_PROGRAMS = ("redis-server", "valkey-server")
# Everything is kept, nothing evicted: what is here is somebody's data until it is deleted.
_SETTINGS = """\
bind 127.0.0.1
protected-mode yes
databases 1
daemonize yes
appendonly yes
appendfsync everysec
maxmemory-policy noeviction
aclfile users.acl
pidfile server.pid
logfile server.log
"""


class RedisEngine(Engine):
    """Redis, of whatever version is installed."""

    name = _NAME
    title = "Redis"
    programs = _PROGRAMS
    accounts = ("fairway", "redis", "nobody")
    first_port = 6380
    # Redis saves and leaves.
    stop_signal = signal.SIGTERM

    def create(self, folder: Path, record: ServerRecord, account: Account) -> None:
        """Write the configuration and the administrator; the server makes the rest."""
        find_program()
        digest = hashlib.sha256(record.password.encode()).hexdigest()
        users = f"user default off\nuser {ADMIN} on #{digest} ~* &* +@all\n"
        for name, content in (("redis.conf", _SETTINGS), ("users.acl", users)):
            path = folder / name
            path.touch(mode=0o600)
            account.own(path)
            path.write_text(content)

    def launch(self, record: ServerRecord, account: Account) -> None:
        """Start the server detached; the data folder's name shows in its process title."""
        data = Path(record.data)
        command = [
            find_program(),
            str(data / "redis.conf"),
            *("--port", str(record.port)),
            *("--dir", str(data)),
            *("--proc-title-template", f"{{title}} {{listen-addr}} {data.name}"),
        ]
        answer = account.run(command, folder=data)
        if answer.returncode != 0:
            raise ServerFailed(" ".join(answer.stdout.split()))

    def is_ready(self, record: ServerRecord) -> bool:
        """Return whether the administrator can log in and the data is loaded."""
        try:
            with connection.open_session(make_url(record)) as session:
                return bool(session.ping())
        except redis.RedisError:
            return False

    def get_pid_file(self, data: Path) -> Path:
        """Return the file that the configuration names."""
        return data / "server.pid"

    def read_last_words(self, data: Path) -> str:
        """Return the last line of the log."""
        log = data / "server.log"
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        return lines[-1].strip() if lines else ""


def make_local_server(*, home: Path, data_root: Path | None) -> LocalServer:
    """Return the Redis server of the platform in `home`; starts nothing."""
    return LocalServer(RedisEngine(), home=home, data_root=data_root)


def find_program() -> str:
    """Return the path of the installed server.

    Raises:
        Refused: REDIS-MISSING.
    """
    for name in _PROGRAMS:
        if found := shutil.which(name):
            return found
    raise Refused(
        "REDIS-MISSING",
        what="cannot run Redis on this machine",
        why=f"neither {' nor '.join(_PROGRAMS)} is on PATH",
        fix="install the system's package redis-server, or set the provisioner's inputs.url",
    )


def make_url(record: ServerRecord) -> str:
    """Return how the administrator connects to the local server."""
    return f"redis://{ADMIN}:{record.password}@127.0.0.1:{record.port}/0"
