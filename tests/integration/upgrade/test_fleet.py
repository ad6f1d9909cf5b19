"""The services of a path are upgraded in one run, whatever happens meanwhile."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fairway.core.run.run import Run, RunId
from fairway.core.source.tree import TreeFile
from fairway.drivers.sqlalchemy.store import open_store
from fairway.drivers.system.clock import SystemClock
from fairway.kits.canonical import JsonObject
from fairway.ports.store.store import Store
from fairway.usecases.delivery import change_run
from fairway.usecases.golden_path import upgrade_fleet
from tests.deadline import wait_until
from tests.integration.upgrade.conftest import (
    ADMIN,
    MADE_AT,
    V2,
    World,
    open_world,
    replace,
    with_time,
)

pytestmark = pytest.mark.integration
SERVICES = 100
KILLS = 20


def prepare(world: World, count: int) -> list[str]:
    """Make services, some of them edited in a way that conflicts or does not, and publish v2."""
    names = [f"service-{number:03}" for number in range(count)]
    world.make_services(*names)
    for name in names[::5]:
        world.edit(name, replace("util.py", "VALUE_3 = 3", f"VALUE_3 = 33  # {name}"))
    for name in names[1::10]:
        world.edit(name, replace("README.md", "Run it.", "Run it by hand."))
    world.publish("v2", V2)
    return names


def start(world: World) -> Run:
    run = upgrade_fleet.start_fleet_upgrade(world.platform, ADMIN, path="service")
    with_time(world.platform, run, MADE_AT)
    return world.get_run(run.id)


def describe(world: World, names: list[str]) -> dict[str, object]:
    """Return all that a run is to leave: branches, offers, statuses."""
    found: dict[str, object] = {}
    for name in names:
        offer = world.get_offer(name)
        with world.platform.store.read() as tx:
            statuses = tx.repositories.list_statuses(name, offer.commit)
            pushes = tx.repositories.list_pushes(name)
        found[name] = (
            world.get_heads(name),
            (offer.commit, offer.branch, offer.state, offer.answers, offer.conflicts),
            [(item.context, item.state, item.text) for item in statuses],
            [(item.branch, item.before, item.after) for item in pushes],
        )
    return found


def get_results(run: Run) -> JsonObject:
    results = run.output["results"]
    assert isinstance(results, dict)
    return results


@pytest.fixture
def home(first_home: Path, tmp_path: Path) -> Path:
    shutil.copytree(first_home, tmp_path / "home")
    return tmp_path / "home"


def test_one_run_has_a_result_for_every_service(home: Path) -> None:
    for world in open_world(home):
        names = prepare(world, 7)
        world.edit(names[2], lambda files: files.__setitem__("link", TreeFile(b"/etc", "120000")))
        ended = world.carry(start(world))
        results = get_results(ended)
        states = {name: result["state"] for name, result in results.items()}  # type: ignore[index,call-overload]  # JSON
        assert states == {
            names[0]: "offered",
            names[1]: "conflicted",
            names[2]: "failed",
            **dict.fromkeys(names[3:], "offered"),
        }
        assert ended.state == "failed"
        again = world.carry(start(world))
        assert {name: result["state"] for name, result in get_results(again).items()} == states  # type: ignore[index,call-overload]  # JSON


def test_a_cancelled_run_leaves_the_rest_as_it_was(home: Path) -> None:
    for world in open_world(home):
        names = prepare(world, 9)
        run = start(world)
        change_run.cancel_run(world.platform, ADMIN, run=run.id)
        ended = world.carry(run)
        assert ended.state == "cancelled"
        assert {result["state"] for result in get_results(ended).values()} == {"cancelled"}  # type: ignore[index,call-overload]  # JSON
        assert all(set(world.get_heads(name)) == {"main"} for name in names)


def test_a_run_that_is_killed_twenty_times_ends_as_if_it_never_was(home: Path) -> None:
    for world in open_world(home):
        names = prepare(world, SERVICES)
        run = start(world)
    undisturbed = home.with_name("undisturbed")
    shutil.copytree(home, undisturbed)
    carry_in_process(undisturbed, run.id)
    killed = carry_with_kills(home, run.id)
    assert killed == KILLS
    outcomes = []
    for place in (undisturbed, home):
        for world in open_world(place):
            results = get_results(world.get_run(run.id))
            outcomes.append((describe(world, names), results))
    assert outcomes[0] == outcomes[1]
    states = [result["state"] for result in outcomes[1][1].values()]  # type: ignore[index,call-overload]  # JSON
    assert (states.count("offered"), states.count("conflicted")) == (90, 10)


def start_worker(home: Path, run: RunId) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.integration.upgrade.worker", str(home), str(run)]
    return subprocess.Popen(command, start_new_session=True)


def carry_in_process(home: Path, run: RunId) -> None:
    assert start_worker(home, run).wait(timeout=600) == 0


def carry_with_kills(home: Path, run: RunId) -> int:
    """Carry a run and kill its worker whenever it has gone on a little; return how often."""
    store = open_store(f"sqlite:///{home}/fairway.db", SystemClock())
    try:
        kills = 0
        while kills < KILLS and kill_after_progress(store, home, run, kills * 0.007):
            kills += 1
    finally:
        store.close()
    carry_in_process(home, run)
    return kills


def kill_after_progress(store: Store, home: Path, run: RunId, seconds: float) -> bool:
    """Kill a worker some time after it has carried a few steps; False if it ended before."""
    wanted = count_done(store, run) + SERVICES // (2 * KILLS)
    worker = start_worker(home, run)
    wait_until(lambda: count_done(store, run) >= wanted or worker.poll() is not None, seconds=300)
    if worker.poll() is not None:
        return False
    time.sleep(seconds)  # another instant each time
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    return True


def count_done(store: Store, run: RunId) -> int:
    with store.read() as tx:
        return sum(step.state == "succeeded" for step in tx.runs.list_steps(run))
