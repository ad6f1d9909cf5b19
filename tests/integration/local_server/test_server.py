"""The life of a local server, on both kinds that there are."""

import json
import multiprocessing
import os
import random
import shutil
import signal
import socket
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from fairway.drivers.local_server import process, tenant
from fairway.drivers.local_server.record import RecordFile, ServerRecord
from fairway.drivers.local_server.server import LocalServer
from fairway.drivers.postgresql.server import make_local_server as make_postgresql
from fairway.drivers.redis.server import make_local_server as make_redis
from fairway.kits.errors import Refused, Unavailable

pytestmark = pytest.mark.integration

KINDS = ["postgresql-16", "redis"]
PROGRAMS = ("postgres", "pg_ctl", "initdb", "redis-server")


@pytest.fixture(params=KINDS)
def local(request: pytest.FixtureRequest, home: Path, data_root: Path) -> Iterator[LocalServer]:
    server = _make(request.param, home, data_root)
    try:
        yield server
    finally:
        # A child that was killed may have left the server starting, so nothing is asked of it.
        _kill_all(data_root)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def data_root() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="fairway-test-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_nothing_is_made_until_it_is_needed(local: LocalServer, data_root: Path) -> None:
    assert local.find() is None
    assert local.describe().state == "absent"
    assert local.stop() is False
    assert list(data_root.iterdir()) == []


def test_a_server_is_found_again(local: LocalServer) -> None:
    record = local.ensure()
    status = local.describe()
    assert status.state == "running"
    assert local.ensure() == record
    assert local.describe() == status


def test_a_server_runs_unprivileged_and_its_secrets_are_private(
    local: LocalServer, home: Path
) -> None:
    record = local.ensure()
    pid = local.describe().pid
    assert Path(f"/proc/{pid}").stat().st_uid == Path(record.data).stat().st_uid
    if os.geteuid() == 0:
        assert Path(record.data).stat().st_uid != 0
    assert stat.S_IMODE(Path(record.data).stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "servers" / f"{record.name}.json").stat().st_mode) == 0o600
    command_line = Path(f"/proc/{pid}/cmdline").read_bytes()
    environment = Path(f"/proc/{pid}/environ").read_bytes()
    assert record.password.encode() not in command_line + environment
    assert record.password not in repr(record)


def test_a_server_listens_on_the_loopback_interface_only(local: LocalServer) -> None:
    port = f":{local.ensure().port:04X}"
    rows = [
        line.split()[1]
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for line in Path(table).read_text().splitlines()[1:]
        if line.split()[3] == "0A"
    ]
    assert [row for row in rows if row.endswith(port)] == [f"0100007F{port}"]


def test_a_stopped_server_starts_with_the_same_address(local: LocalServer) -> None:
    record = local.ensure()
    assert local.stop() is True
    assert local.describe().state == "stopped"
    assert local.stop() is False
    assert local.ensure() == record


def test_a_server_that_died_is_started_again(local: LocalServer) -> None:
    record = local.ensure()
    pid = local.describe().pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    assert local.ensure() == record
    assert local.describe().pid != pid


def test_a_pid_file_with_the_number_of_another_program_is_not_believed(
    local: LocalServer,
) -> None:
    record = local.ensure()
    local.stop()
    data = Path(record.data)
    pid_file = data / ("server.pid" if record.name == "redis" else "postmaster.pid")
    pid_file.write_text(f"{os.getppid()}\n")
    assert local.describe().state == "stopped"
    assert local.stop() is False
    assert local.ensure() == record


def test_a_port_that_was_taken_meanwhile_is_left_to_its_owner(local: LocalServer) -> None:
    record = local.ensure()
    local.stop()
    with socket.create_server(("127.0.0.1", record.port)):
        moved = local.ensure()
        assert moved == replace(record, port=moved.port)
        assert moved.port != record.port
        assert local.find() == moved


def test_a_lost_data_folder_is_not_replaced_by_an_empty_one(local: LocalServer) -> None:
    record = local.ensure()
    local.stop()
    shutil.rmtree(record.data)
    with pytest.raises(Refused, match="does not exist any more") as caught:
        local.ensure()
    assert caught.value.code == "SERVER-DATA-GONE"
    assert not Path(record.data).exists()


def test_a_removed_server_leaves_nothing_and_can_be_made_again(
    local: LocalServer, data_root: Path
) -> None:
    local.remove()
    first = local.ensure()
    local.remove()
    assert list(data_root.iterdir()) == []
    assert local.describe().state == "absent"
    assert local.ensure().password != first.password


def test_a_server_that_cannot_start_says_why(local: LocalServer) -> None:
    record = local.ensure()
    local.stop()
    settings = "redis.conf" if record.name == "redis" else "postgresql.conf"
    with (Path(record.data) / settings).open("a") as file:
        file.write("nonsense nonsense\n")
    with pytest.raises(Unavailable, match=r"cannot run .* on this machine") as caught:
        local.ensure()
    assert caught.value.code == "SERVER-FAILED"
    assert settings in caught.value.why or "nonsense" in caught.value.why


def test_a_record_that_is_none_is_refused(local: LocalServer, home: Path) -> None:
    record = local.ensure()
    path = home / "servers" / f"{record.name}.json"
    for content in ("", "[]", json.dumps({"port": 1})):
        path.write_text(content)
        with pytest.raises(Refused, match="is not a record of a server"):
            local.find()


def test_processes_that_race_to_be_first_get_one_server(
    local: LocalServer, home: Path, data_root: Path
) -> None:
    kind = _get_kind(local)
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        found = pool.starmap(_ensure, [(kind, home, data_root)] * 4, chunksize=1)
    assert len(set(found)) == 1
    name = Path(found[0].data).name
    assert [path.name for path in data_root.iterdir()] == [name]
    assert len(_list_main_processes(name)) == 1


@pytest.mark.parametrize("number", range(4))
def test_a_kill_of_the_caller_at_any_instant_is_made_good(
    local: LocalServer, home: Path, data_root: Path, number: int
) -> None:
    seconds = random.Random(number).uniform(0, 0.8)
    _ensure_and_kill(_get_kind(local), home, data_root, seconds)
    name = Path(local.ensure().data).name
    assert [path.name for path in data_root.iterdir()] == [name]
    assert len(_list_main_processes(name)) == 1


def test_the_lock_is_given_up_when_its_holder_is_killed(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    child = context.Process(target=_hold_lock, args=(there, tmp_path))
    child.start()
    assert here.recv() == "held"
    child.kill()
    with RecordFile(tmp_path, "any").lock():
        pass
    child.join()
    child.close()


def test_a_state_folder_that_cannot_be_written_is_said(tmp_path: Path, data_root: Path) -> None:
    (tmp_path / "servers").write_text("a file in the way")
    local = _make("redis", tmp_path, data_root)
    for call in (local.find, lambda: tenant.get_installation(tmp_path)):
        with pytest.raises(Unavailable, match="cannot read or write") as caught:
            call()
        assert caught.value.code == "HOME-UNUSABLE"
    with pytest.raises(Unavailable, match="File exists") as caught:
        local.ensure()
    assert caught.value.code == "SERVER-FAILED"


def _make(kind: str, home: Path, data_root: Path) -> LocalServer:
    if kind == "redis":
        return make_redis(home=home, data_root=data_root)
    return make_postgresql(16, home=home, data_root=data_root)


def _get_kind(local: LocalServer) -> str:
    return local.describe().name


def _ensure(kind: str, home: Path, data_root: Path) -> ServerRecord:
    return _make(kind, home, data_root).ensure()


def _ensure_and_kill(kind: str, home: Path, data_root: Path, seconds: float) -> None:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    child = context.Process(target=_say_and_ensure, args=(there, kind, home, data_root))
    child.start()
    assert here.recv() == "begin"
    # The instant of the kill is the point here, and no condition is waited for.
    time.sleep(seconds)
    child.kill()
    child.join()
    child.close()


def _say_and_ensure(started: Connection, kind: str, home: Path, data_root: Path) -> None:
    started.send("begin")
    _ensure(kind, home, data_root)


def _hold_lock(held: Connection, home: Path) -> None:
    with RecordFile(home, "any").lock():
        held.send("held")
        signal.pause()


def _list_main_processes(name: str) -> list[int]:
    """Return the processes of the server `name` that none of the others started."""
    parents = {pid: _find_parent(pid) for pid in process.find_processes(PROGRAMS, name)}
    return [pid for pid, parent in parents.items() if parent and parent not in parents]


def _find_parent(pid: int) -> int | None:
    """Return the parent's number, None when the process has just ended."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except FileNotFoundError:
        return None


def _kill_all(data_root: Path) -> None:
    """Kill what was started below `data_root`, by its process ids, until nothing is left."""
    names = [path.name.strip(".").partition(".")[0] for path in data_root.iterdir()]
    _poll(lambda: not [pid for name in names for pid in _kill(name)])


def _kill(name: str) -> tuple[int, ...]:
    found = process.find_processes(PROGRAMS, name)
    for pid in found:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    return found


def _poll(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.02)
