"""Workers that are killed at any moment: no key is worked on twice at once, and none is lost."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fairway.drivers.sqlalchemy.store import SqlStore
from fairway.drivers.system.clock import SystemClock
from fairway.ports.store.work_queue import Lease
from tests.property.store.test_work_queue import open_backend

KEYS = 30
KILLS = 4
LEASE_SECONDS = 0.5
DEADLINE_SECONDS = 60
# Each key's work takes an exclusive lock of a file for its time: somebody else at it at once
# would find it locked, whoever it is and however it died, and would say so.
WORKER = f"""
import fcntl, os, random, sys, time
from fairway.drivers.sqlalchemy.store import open_store
from fairway.drivers.system.clock import SystemClock
url, folder = sys.argv[1:]
store = open_store(url, SystemClock())
print("ready", flush=True)
while True:
    for lease in store.queue.claim(["run"], owner=str(os.getpid()), lease_seconds={LEASE_SECONDS}):
        with open(f"{{folder}}/{{lease.key}}.lock", "a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                open(f"{{folder}}/overlap", "a").write(lease.key)
            time.sleep(random.uniform(0, 0.03))
            fcntl.flock(lock, fcntl.LOCK_UN)
        if store.queue.finish(lease):
            with open(f"{{folder}}/done", "a") as done:
                done.write(lease.key + "\\n")
    store.queue.wait(0.05)
"""


@contextmanager
def run_worker(url: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", WORKER, url, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as worker:
        try:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
            yield worker
        finally:
            worker.kill()


def find_url(store: SqlStore) -> str:
    return store._database.engines.writer.url.render_as_string(hide_password=False)


def mark_all(store: SqlStore) -> None:
    with store.write() as transaction:
        for key in range(KEYS):
            transaction.queue.mark("run", str(key))


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_killed_workers_lose_no_key_and_share_none(backend: str, tmp_path: Path) -> None:
    chance = random.Random(7)
    with open_backend(backend, tmp_path, SystemClock()) as store:
        for _ in range(KILLS):
            mark_all(store)
            with (
                run_worker(find_url(store), tmp_path) as one,
                run_worker(find_url(store), tmp_path),
            ):
                time.sleep(chance.uniform(0.02, 0.15))
                os.kill(one.pid, signal.SIGKILL)
        with run_worker(find_url(store), tmp_path):
            _wait_until_clean(store)
    assert not (tmp_path / "overlap").exists()
    assert {int(key) for key in (tmp_path / "done").read_text().split()} == set(range(KEYS))


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_a_killed_holders_key_is_taken_over_when_its_lease_ends(
    backend: str, tmp_path: Path
) -> None:
    script = (
        "import sys, time\n"
        "from fairway.drivers.sqlalchemy.store import open_store\n"
        "from fairway.drivers.system.clock import SystemClock\n"
        "store = open_store(sys.argv[1], SystemClock())\n"
        f"(lease,) = store.queue.claim(['run'], owner='dead', lease_seconds={LEASE_SECONDS})\n"
        "print(lease.token, flush=True)\n"
        "time.sleep(600)\n"
    )
    with open_backend(backend, tmp_path, SystemClock()) as store:
        with store.write() as transaction:
            transaction.queue.mark("run", "1")
        command = [sys.executable, "-c", script, find_url(store)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
            assert holder.stdout is not None
            token = holder.stdout.readline().strip()
            claimed_at = time.monotonic()
            assert store.queue.claim(["run"], owner="me", lease_seconds=5) == ()
            holder.kill()
        lease = _claim_until_given(store)
        assert time.monotonic() - claimed_at > LEASE_SECONDS * 0.8
        assert lease.token != token
        assert store.queue.finish(lease)


def _claim_until_given(store: SqlStore) -> Lease:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        for lease in store.queue.claim(["run"], owner="me", lease_seconds=5):
            return lease
        store.queue.wait(0.05)
    raise AssertionError("the key was never given")


def _wait_until_clean(store: SqlStore) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        with store._database.read() as connection:
            dirty = connection.exec_driver_sql(
                "SELECT count(*) FROM work WHERE generation > done_generation"
            ).scalar()
        if dirty == 0:
            return
        time.sleep(0.05)
    raise AssertionError(f"{dirty} keys are dirty still")
