"""One server of one kind, on this machine, for one platform home.

Belongs here: its life. The record is written first and the data folder appears by a rename, so a
kill at any instant leaves nothing that the next call does not understand.

Where the data is: `data_root` when given; else `<home>/servers`, unless Fairway is root and the
server's account cannot reach that: then `/var/lib/fairway`. The choice is made once and
remembered.
"""

import hashlib
import os
import secrets
import shutil
import subprocess
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from fairway.drivers.local_server import account as accounts
from fairway.drivers.local_server import process
from fairway.drivers.local_server.account import Account
from fairway.drivers.local_server.engine import Engine, ServerFailed
from fairway.drivers.local_server.record import RecordFile, ServerRecord
from fairway.kits.errors import Refused, Unavailable

SYSTEM_DATA_ROOT = Path("/var/lib/fairway")
_START_SECONDS = 60
_STOP_SECONDS = 60
_ATTEMPTS = 3
_POLL_SECONDS = 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerStatus:
    """A server for `doctor`; `pid` is that of its main process while it runs."""

    name: str
    title: str
    state: Literal["absent", "stopped", "running"]
    data: str = ""
    port: int = 0
    account: str = ""
    pid: int | None = None


class LocalServer:
    """Keeps the server of `engine` for the platform in `home`; holds no state of its own."""

    def __init__(self, engine: Engine, *, home: Path, data_root: Path | None = None) -> None:
        self._engine = engine
        self._home = home.absolute()
        self._data_root = data_root
        self._file = RecordFile(self._home, engine.name)

    def find(self) -> ServerRecord | None:
        """Return the record of the server if it was ever created; starts nothing."""
        record = self._file.find()
        return record if record and record.is_created else None

    def ensure(self) -> ServerRecord:
        """Return the record of the running, ready server; creates or starts it when needed.

        Safe to call from any number of threads and processes at once, and after a kill of any.

        Raises:
            Refused: SERVER-DATA-GONE, SERVER-NO-ACCOUNT, SERVER-RECORD-INVALID.
            Unavailable: SERVER-FAILED, it does not start. SERVER-BUSY.
        """
        try:
            with self._file.lock() as lock:
                account = accounts.get_account(self._engine.accounts)
                record = self._file.find() or self._plan(account)
                if not record.is_created:
                    record = self._create(record, replace(account, kept=(lock,)))
                return self._start(record, account)
        except (ServerFailed, OSError, subprocess.TimeoutExpired) as error:
            raise Unavailable(
                "SERVER-FAILED",
                what=f"cannot run {self._engine.title} on this machine",
                why=str(error),
                fix=f"see its log in the data folder that '{self._file.path}' names, and try again",
            ) from error

    def stop(self) -> bool:
        """Stop the server so that it saves everything; return False when it did not run.

        Raises:
            Unavailable: SERVER-STUCK, it was still there after a minute.
        """
        record = self._file.find()
        if record is None:
            return False
        with self._file.lock():
            was_running = bool(self._find_processes(record))
            self._wait_for_end(record)
        return was_running

    def remove(self) -> None:
        """Stop the server and delete all it holds, for ever; absent already is success.

        Raises:
            Unavailable: SERVER-STUCK.
        """
        record = self._file.find()
        if record is None:
            return
        with self._file.lock():
            self._wait_for_end(record)
            data = Path(record.data)
            removed = data.with_name(f".{data.name}.removed")
            shutil.rmtree(removed, ignore_errors=True)
            if data.exists():
                # At once: half of a data folder must never look like a whole one.
                data.rename(removed)
                shutil.rmtree(removed)
            self._file.path.unlink(missing_ok=True)

    def describe(self) -> ServerStatus:
        """Return what `doctor` tells of the server; changes nothing."""
        status = ServerStatus(name=self._engine.name, title=self._engine.title, state="absent")
        record = self.find()
        if record is None:
            return status
        pid = self._find_main(record)
        return replace(
            status,
            state="running" if pid else "stopped",
            data=record.data,
            port=record.port,
            account=accounts.get_account(self._engine.accounts).name,
            pid=pid,
        )

    def _plan(self, account: Account) -> ServerRecord:
        """Decide where the server will be, and remember it before anything is made."""
        digest = hashlib.sha256(str(self._home).encode()).hexdigest()[:8]
        data = self._choose_root(account) / f"{self._engine.name}-{digest}"
        record = ServerRecord(
            name=self._engine.name,
            data=str(data),
            port=process.find_free_port(self._engine.first_port),
            password=secrets.token_urlsafe(24),
        )
        self._file.write(record)
        return record

    def _choose_root(self, account: Account) -> Path:
        if self._data_root:
            return self._data_root.absolute()
        inside = self._home / "servers"
        is_inside = not account.is_other or accounts.is_reachable_by_all(inside / "data")
        return inside if is_inside else SYSTEM_DATA_ROOT

    def _create(self, record: ServerRecord, account: Account) -> ServerRecord:
        data = Path(record.data)
        if not data.exists():
            data.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            # Nobody writes to these any more: the commands of a killed creator kept the lock.
            for leftover in data.parent.glob(f".{data.name}.*"):
                shutil.rmtree(leftover, ignore_errors=True)
            draft = data.with_name(f".{data.name}.{secrets.token_hex(4)}")
            folder = draft / "data"
            for path in (draft, folder):
                path.mkdir(mode=0o700)
                account.own(path)
            self._engine.create(folder, record, account)
            folder.rename(data)
            shutil.rmtree(draft)
        created = replace(record, is_created=True)
        self._file.write(created)
        return created

    def _start(self, record: ServerRecord, account: Account) -> ServerRecord:
        data = Path(record.data)
        if not data.exists():
            raise self._make_gone(record)
        deadline = time.monotonic() + _START_SECONDS
        attempts = 0
        # Whoever else may listen on the port is not even asked.
        while not (self._find_main(record) and self._engine.is_ready(record)):
            if not self._find_processes(record):
                attempts += 1
                if attempts > _ATTEMPTS:
                    raise ServerFailed(self._engine.read_last_words(data) or "it ends at once")
                record = self._launch(record, account)
            elif time.monotonic() > deadline:
                raise ServerFailed(f"it is not ready after {_START_SECONDS} s")
            time.sleep(_POLL_SECONDS)
        return record

    def _launch(self, record: ServerRecord, account: Account) -> ServerRecord:
        """Launch the server, on another port when its own was taken while it was down."""
        self._engine.get_pid_file(Path(record.data)).unlink(missing_ok=True)
        if not process.is_port_free(record.port):
            port = process.find_free_port(self._engine.first_port)
            record = replace(record, port=port)
            self._file.write(record)
        self._engine.launch(record, account)
        return record

    def _wait_for_end(self, record: ServerRecord) -> None:
        told: set[int] = set()
        deadline = time.monotonic() + _STOP_SECONDS
        while running := self._find_processes(record):
            main = self._find_main(record)
            if main and main not in told:
                os.kill(main, self._engine.stop_signal)
                told.add(main)
            if time.monotonic() > deadline:
                raise Unavailable(
                    "SERVER-STUCK",
                    what=f"cannot stop {self._engine.title} on this machine",
                    why=f"process {running[0]} still runs after {_STOP_SECONDS} s",
                    fix="wait for its clients to end, and try again",
                )
            time.sleep(_POLL_SECONDS)

    def _find_processes(self, record: ServerRecord) -> tuple[int, ...]:
        return process.find_processes(self._engine.programs, Path(record.data).name)

    def _find_main(self, record: ServerRecord) -> int | None:
        data = Path(record.data)
        pid = process.read_pid_file(self._engine.get_pid_file(data))
        return pid if pid and process.is_process(pid, self._engine.programs, data.name) else None

    def _make_gone(self, record: ServerRecord) -> Refused:
        return Refused(
            "SERVER-DATA-GONE",
            what=f"cannot run {self._engine.title} on this machine",
            why=f"its data folder '{record.data}' does not exist any more",
            fix=f"restore the folder, or start empty: rm '{self._file.path}'",
        )
