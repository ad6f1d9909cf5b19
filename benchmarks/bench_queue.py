"""Work queue and run journal, on SQLite and on PostgreSQL.

The peer is a loop of plain statements with one commit each, through the same database driver and
with as many of them as the queue has transactions: what is left is the price of Fairway's own code.
PostgreSQL runs without fsync, as in the tests, for both sides.
"""

import itertools
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from benchmarks import measure
from fairway.controllers.lane import LaneController
from fairway.core.run.run import TERMINAL, Run, RunId
from fairway.drivers.sqlalchemy.store import SqlStore, open_store
from fairway.drivers.system.clock import SystemClock
from fairway.runtime import journal
from fairway.runtime.engine import LANE, Engine
from fairway.runtime.signal import Signals
from fairway.runtime.step import Done, Executor, StepContext, StepResult, StepSpec
from fairway.runtime.worker import WorkerPool
from tests.servers import start_postgresql

KEYS = 200
REPEAT = 7
REPEAT_PROCESSES = 3
RUNS = 10
STEPS = 5
# Of a run: two for each step, two to find that it is over, and the lane's claim and release.
RUN_COMMITS = STEPS * 2 + 4
KIND = "benchmark"


@dataclass(frozen=True, slots=True)
class Plain:
    """A table without indices beside its key, and one connection to it."""

    execute: Callable[[str, Sequence[object]], object]
    placeholder: str

    def insert(self, count: int) -> None:
        """Insert rows with a commit each."""
        first = time.monotonic_ns()
        statement = f"INSERT INTO plain VALUES ({self.placeholder}, {self.placeholder})"
        for index in range(count):
            self.execute(statement, (f"{first}-{index:06}", index))

    def update(self, count: int) -> None:
        """Update one row `count` times with a commit each."""
        statement = f"UPDATE plain SET value = {self.placeholder} WHERE key = {self.placeholder}"
        for index in range(count):
            self.execute(statement, (index, "row"))


@contextmanager
def open_plain(url: str) -> Iterator[Plain]:
    """Open the table at `url`, making it if it is not there."""
    make = "CREATE TABLE IF NOT EXISTS plain (key text PRIMARY KEY, value bigint)"
    first = "INSERT INTO plain VALUES ('row', 0) ON CONFLICT DO NOTHING"
    if url.startswith("sqlite:"):
        path = url.removeprefix("sqlite:///") + ".plain"
        with closing(sqlite3.connect(path, isolation_level=None, timeout=20)) as file:
            for statement in (
                "PRAGMA journal_mode = WAL",
                "PRAGMA synchronous = FULL",
                make,
                first,
            ):
                file.execute(statement)
            yield Plain(file.execute, "?")
    else:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(make)
            connection.execute(first)
            yield Plain(connection.execute, "%s")


def mark(store: SqlStore) -> None:
    """Mark every key, each in a transaction of its own."""
    for index in range(KEYS):
        with store.write() as tx:
            tx.queue.mark(KIND, f"{index:06}")


def drain(store: SqlStore, batch: int) -> int:
    """Claim and finish until nothing is due; return how many keys that were."""
    count = 0
    while leases := store.queue.claim([KIND], owner="me", lease_seconds=60, limit=batch):
        for lease in leases:
            store.queue.finish(lease)
        count += len(leases)
    return count


def run_queue(url: str) -> None:
    """Print the queue's figures on the database at `url`."""
    with closing(open_store(url, SystemClock())) as store, open_plain(url) as plain:
        marks = measure.compare(
            {"ours": lambda: mark(store), "plain": lambda: plain.insert(KEYS)}, repeat=REPEAT
        )
        _show("mark", marks["ours"].wall_seconds, marks["plain"].wall_seconds)
        for batch in (1, 20):
            ours, theirs = _measure_drain(store, plain, batch)
            _show(f"claim and finish, {batch} at once", ours, theirs)
        for batch in (1, 20):
            ours, theirs = _measure_two(store, url, batch)
            _show(f"claim and finish, {batch} at once, 2 processes", ours, theirs)


def _show(what: str, ours: float, theirs: float, count: int = KEYS, unit: str = "/s") -> None:
    measure.show(what, count / ours, unit, peer=("plain statements", count / theirs))


def _measure_drain(store: SqlStore, plain: Plain, batch: int) -> tuple[float, float]:
    """Return the median seconds of a drain and of as many plain updates."""
    ours, theirs = [], []
    for _ in range(REPEAT):
        mark(store)
        ours.append(measure.measure(lambda: drain(store, batch)))
        theirs.append(measure.measure(lambda: plain.update(KEYS + KEYS // batch)))
    return measure.make_median(ours).wall_seconds, measure.make_median(theirs).wall_seconds


def _measure_two(store: SqlStore, url: str, batch: int) -> tuple[float, float]:
    ours, theirs = [], []
    for _ in range(REPEAT_PROCESSES):
        mark(store)
        ours.append(measure.time_processes(drain_in_process, [f"{batch} {url}"] * 2))
        theirs.append(measure.time_processes(update_in_process, [f"{batch} {url}"] * 2))
    return sorted(ours)[len(ours) // 2], sorted(theirs)[len(theirs) // 2]


def drain_in_process(argument: str, begin: measure.Task) -> None:
    """Help to drain the queue."""
    batch, url = argument.split()
    with closing(open_store(url, SystemClock())) as store:
        store.queue.claim(["nothing"], owner="me", lease_seconds=1)
        begin()
        drain(store, int(batch))


def update_in_process(argument: str, begin: measure.Task) -> None:
    """Do half of the plain updates."""
    batch, url = argument.split()
    with open_plain(url) as plain:
        begin()
        plain.update((KEYS + KEYS // int(batch)) // 2)


class Nothing(Executor):
    """Does nothing, successfully."""

    def execute(self, context: StepContext) -> StepResult:  # noqa: ARG002 - the port's name
        return Done()


def run_journal(url: str) -> None:
    """Print how many runs the engine carries."""
    clock = SystemClock()
    with closing(open_store(url, clock)) as store, open_plain(url) as plain:
        engine = Engine(store, clock, Signals(), {"nothing": Nothing()})
        pool = WorkerPool(store.queue, clock, [LaneController(engine)], owner="me")
        pool.start()
        try:
            costs = measure.compare(
                {
                    "ours": lambda: carry_runs(store),
                    "plain": lambda: plain.update(RUNS * RUN_COMMITS),
                },
                repeat=REPEAT,
            )
        finally:
            pool.stop()
            engine.close()
    ours, theirs = costs["ours"], costs["plain"]
    _show(f"runs of {STEPS} empty steps", ours.wall_seconds, theirs.wall_seconds, RUNS, "runs/s")
    measure.show("CPU of a step", ours.cpu_seconds / RUNS / STEPS * 1000, "CPU-ms")


def carry_runs(store: SqlStore) -> None:
    """Queue runs in lanes of their own, and wait until each is over."""
    for run in [add_run(store, f"lane-{index}") for index in range(RUNS)]:
        while not is_over(store, run):
            time.sleep(0.005)


def is_over(store: SqlStore, run: RunId) -> bool:
    with store.read() as tx:
        found = tx.runs.find(run)
    return found is not None and found.state in TERMINAL


def add_run(store: SqlStore, lane: str) -> RunId:
    """Queue a run whose steps each need the one before."""
    names = [f"step-{index}" for index in range(STEPS)]
    steps = [StepSpec(label=names[0], kind="nothing", name=names[0])]
    steps += [
        StepSpec(label=name, kind="nothing", name=name, needs=(before,))
        for before, name in itertools.pairwise(names)
    ]
    run = Run(
        id=RunId(0),
        kind="benchmark",
        subject=lane,
        lane=lane,
        actor="ana",
        created_at=datetime.now(UTC),
    )
    with store.write() as tx:
        added = tx.runs.add(run, journal.make_steps(steps))
        tx.queue.mark(LANE, lane)
    return added.id


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, start_postgresql() as server:
        urls = {
            "SQLite": f"sqlite:///{Path(folder)}/store.db",
            "PostgreSQL": server.create_database(),
        }
        for name, url in urls.items():
            measure.show_title(name)
            run_queue(url)
            run_journal(url)


if __name__ == "__main__":
    main()
