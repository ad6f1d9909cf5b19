"""The PostgreSQL server that Fairway runs itself.

Belongs here: what makes a local server PostgreSQL: initdb, its configuration, launching it. It
listens on the loopback interface only and on no Unix socket; everybody proves a password by
SCRAM, which the server's side is proved by too, so a program that took its port learns nothing.
"""

import signal
from pathlib import Path

import psycopg

from fairway.drivers.local_server.account import Account
from fairway.drivers.local_server.engine import Engine, ServerFailed
from fairway.drivers.local_server.record import ServerRecord
from fairway.drivers.local_server.server import LocalServer
from fairway.drivers.postgresql import binaries

ADMIN = "fairway"
_NAME = "postgresql-"
# Small enough for a laptop, with everything that makes data durable left on.
_SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 200
shared_buffers = 32MB
max_wal_size = 256MB
min_wal_size = 64MB
max_worker_processes = 4
max_logical_replication_workers = 0
password_encryption = 'scram-sha-256'
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
logging_collector = on
log_directory = 'log'
log_filename = 'server-%a.log'
log_truncate_on_rotation = on
log_rotation_age = 1d
log_rotation_size = 0
"""
# A role of a resource reaches the database of its own name and no other.
_ACCESS = f"""
host  all       {ADMIN}  127.0.0.1/32  scram-sha-256
host  sameuser  all      127.0.0.1/32  scram-sha-256
"""


class PostgresqlEngine(Engine):
    """PostgreSQL of the version `major`."""

    programs = ("postgres", "pg_ctl")
    accounts = ("fairway", "postgres", "nobody")
    first_port = 5433
    # "Fast shutdown": open transactions are rolled back, everything is flushed.
    stop_signal = signal.SIGINT

    def __init__(self, major: int) -> None:
        self.name = f"{_NAME}{major}"
        self.title = f"PostgreSQL {major}"
        self._major = major

    def create(self, folder: Path, record: ServerRecord, account: Account) -> None:
        """Run initdb with the administrator `fairway` and its password."""
        programs = self._get_programs(record, account)
        password = folder.parent / "password"
        password.touch(mode=0o600)
        account.own(password)
        password.write_text(record.password)
        command = [
            str(programs / "initdb"),
            f"--pgdata={folder}",
            f"--username={ADMIN}",
            f"--pwfile={password}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-instructions",
        ]
        answer = account.run(command, folder=folder)
        if answer.returncode != 0:
            raise ServerFailed(_find_reason(answer.stdout))
        with (folder / "postgresql.conf").open("a") as settings:
            settings.write(_SETTINGS)
        (folder / "pg_hba.conf").write_text(_ACCESS)

    def launch(self, record: ServerRecord, account: Account) -> None:
        """Start the server detached; the cluster's name shows in every process title."""
        data = Path(record.data)
        command = [
            str(self._get_programs(record, account) / "pg_ctl"),
            "start",
            "--no-wait",
            "--silent",
            f"--pgdata={data}",
            f"--log={data / 'start.log'}",
            f"--options=-p {record.port} -c cluster_name={data.name}",
        ]
        (data / "start.log").unlink(missing_ok=True)
        answer = account.run(command, folder=data)
        if answer.returncode != 0:
            raise ServerFailed(_find_reason(answer.stdout))

    def is_ready(self, record: ServerRecord) -> bool:
        """Return whether the administrator can log in."""
        try:
            psycopg.connect(make_conninfo(record), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def get_pid_file(self, data: Path) -> Path:
        """Return PostgreSQL's own lock file."""
        return data / "postmaster.pid"

    def read_last_words(self, data: Path) -> str:
        """Return the last error of the start, or of the log that the server wrote after it."""
        logs = sorted(data.glob("log/*.log"), key=lambda path: path.stat().st_mtime)
        texts = [path.read_text(errors="replace") for path in (data / "start.log", *logs[-1:])]
        return next((reason for text in texts if (reason := _find_fatal(text))), "")

    def _get_programs(self, record: ServerRecord, account: Account) -> Path:
        copies = Path(record.data).parent
        return binaries.get_server_programs(self._major, account=account, copies=copies)


def make_local_server(major: int, *, home: Path, data_root: Path | None) -> LocalServer:
    """Return the server of version `major` of the platform in `home`; starts nothing."""
    return LocalServer(PostgresqlEngine(major), home=home, data_root=data_root)


def list_local_servers(*, home: Path, data_root: Path | None) -> tuple[LocalServer, ...]:
    """Return every server that the platform in `home` has planned or made."""
    found = (home / "servers").glob(f"{_NAME}*.json")
    majors = sorted(int(path.stem.removeprefix(_NAME)) for path in found)
    return tuple(make_local_server(major, home=home, data_root=data_root) for major in majors)


def make_conninfo(record: ServerRecord) -> str:
    """Return how the administrator connects to a local server."""
    return psycopg.conninfo.make_conninfo(
        host="127.0.0.1",
        port=record.port,
        user=ADMIN,
        password=record.password,
        dbname="postgres",
        require_auth="scram-sha-256",
    )


def _find_reason(output: str) -> str:
    """Return the line that says why, of all that a program of PostgreSQL printed."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return ([line for line in lines if "error:" in line] or lines or [""])[-1]


def _find_fatal(log: str) -> str:
    """Return the last error in the last lines of a log, without its time, or nothing."""
    found = [line.partition("FATAL:  ")[2] for line in log.splitlines()[-20:]]
    return next((reason for reason in reversed(found) if reason), "")
