"""The engine carries runs to their end, whatever steps say."""

import dataclasses
import threading
from datetime import UTC, datetime, timedelta

import pytest

from fairway.controllers.lane import LaneController
from fairway.kits.errors import Refused, Unavailable
from fairway.runtime.engine import Engine
from fairway.runtime.signal import Signals
from fairway.runtime.step import Done, StepContext, StepSpec, Waiting
from fairway.runtime.worker import WorkerPool
from tests.deadline import wait_until
from tests.integration.runtime.conftest import World, make_spec

pytestmark = pytest.mark.integration


def refuse(_context: StepContext) -> Done:
    raise Refused("TEST-REFUSED", what="cannot do it", why="the test says so", fix="ask not")


def test_steps_run_in_the_order_of_their_needs(world: World) -> None:
    run = world.add_run("one", "two", "three")
    assert world.wait_for(run).state == "succeeded"
    assert world.scripted.calls == ["one", "two", "three"]


def test_independent_steps_run_side_by_side(world: World) -> None:
    barrier = threading.Barrier(2, timeout=10)

    def meet(_context: StepContext) -> Done:
        barrier.wait()
        return Done()

    world.scripted.script |= {"left": meet, "right": meet}
    run = world.add_run(make_spec("left"), make_spec("right"))
    assert world.wait_for(run).state == "succeeded"


def test_a_failed_step_skips_what_needs_it_and_runs_what_always_runs(world: World) -> None:
    world.scripted.script["two"] = refuse
    always = dataclasses.replace(make_spec("last", "three"), is_always_run=True)
    run = world.add_run("one", "two", "three", always)
    ended = world.wait_for(run)
    assert ended.state == "failed"
    assert ended.failure is not None
    assert ended.failure.code == "TEST-REFUSED"
    assert world.list_states(run) == ["succeeded", "failed", "skipped", "succeeded"]
    assert world.scripted.calls == ["one", "two", "last"]


def test_a_step_may_add_steps(world: World) -> None:
    added = (StepSpec(label="more", kind="scripted", name="more"),)
    world.scripted.script["one"] = lambda _: Done(then=added, result={"answer": 42})
    run = world.add_run("one")
    assert world.wait_for(run).output == {"answer": 42}
    assert world.scripted.calls == ["one", "more"]


def test_what_is_unavailable_is_tried_again_under_the_same_key(world: World) -> None:
    keys: list[str] = []

    def flaky(context: StepContext) -> Done:
        keys.append(context.step.key)
        if len(keys) < 3:
            raise Unavailable("AWAY", what="cannot", why="away", fix="wait", delay_seconds=0.01)
        return Done()

    world.scripted.script["one"] = flaky
    run = world.add_run("one")
    assert world.wait_for(run).state == "succeeded"
    assert len(keys) == 3
    assert len(set(keys)) == 1


def test_a_bug_ends_the_run_with_an_incident_and_no_internals(world: World) -> None:
    def broken(_context: StepContext) -> Done:
        raise KeyError("secret detail")

    world.scripted.script["one"] = broken
    ended = world.wait_for(world.add_run("one"))
    assert ended.failure is not None
    assert ended.failure.code == "INTERNAL"
    assert "secret detail" not in ended.failure.why


def test_runs_of_one_lane_happen_one_after_the_other(world: World) -> None:
    gate = threading.Event()

    def wait(_context: StepContext) -> Done:
        assert gate.wait(10)
        return Done()

    world.scripted.script["slow"] = wait
    first = world.add_run("slow")
    second = world.add_run("fast")
    world.wait_for(first, "running")
    assert world.get_run(second).state == "queued"
    gate.set()
    assert world.wait_for(second).state == "succeeded"
    assert world.scripted.calls == ["slow", "fast"]


def test_a_waiting_step_costs_nothing_until_its_lane_is_marked(world: World) -> None:
    is_approved = threading.Event()
    world.scripted.script["approval"] = lambda _: Done() if is_approved.is_set() else Waiting()
    run = world.add_run("approval")
    world.wait_for(run, "waiting")
    assert world.list_steps(run)[0].attempts == 1
    is_approved.set()
    world.mark()
    assert world.wait_for(run).state == "succeeded"
    assert world.scripted.calls == ["approval", "approval"]


def test_a_waiting_step_is_asked_again_when_it_said(world: World) -> None:
    def later(context: StepContext) -> Done | Waiting:
        if len(world.scripted.calls) < 3:
            return Waiting(again_at=datetime.now(UTC) + timedelta(milliseconds=20))
        return Done()

    world.scripted.script["one"] = later
    assert world.wait_for(world.add_run("one")).state == "succeeded"


def test_cancelling_spares_the_way_back(world: World) -> None:
    world.scripted.script["one"] = lambda _: Waiting()
    back = dataclasses.replace(make_spec("back", "two"), is_always_run=True, is_protected=True)
    run = world.add_run("one", "two", back)
    world.wait_for(run, "waiting")
    with world.store.write() as tx:
        found = tx.runs.find(run)
        assert found is not None
        tx.runs.put(dataclasses.replace(found, is_cancel_requested=True))
    world.mark()
    assert world.wait_for(run).state == "cancelled"
    assert world.list_states(run) == ["cancelled", "cancelled", "succeeded"]


def test_a_run_past_its_deadline_ends_and_says_so(world: World) -> None:
    world.scripted.script["one"] = lambda _: Waiting()
    run = world.add_run("one", deadline=datetime.now(UTC) + timedelta(milliseconds=200))
    ended = world.wait_for(run)
    assert ended.state == "failed"
    assert ended.failure is not None
    assert ended.failure.code == "RUN-DEADLINE"


def test_the_story_holds_every_line_in_order(world: World) -> None:
    def talk(context: StepContext) -> Done:
        for number in range(200):
            context.log(f"line {number}")
        return Done()

    world.scripted.script["one"] = talk
    run = world.add_run("one")
    world.wait_for(run)
    with world.store.read() as tx:
        events = tx.runs.list_events(run)
    lines = [line for event in events if event.kind == "log" for line in event.data["lines"]]  # type: ignore[union-attr]  # a log's data holds lines
    assert lines == [f"line {number}" for number in range(200)]
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert events[-1].data["state"] == "succeeded"


def test_an_interrupted_step_goes_on_next_time_under_its_key(world: World) -> None:
    keys: list[str] = []
    is_begun = threading.Event()

    def long(context: StepContext) -> Done:
        keys.append(context.step.key)
        if len(keys) > 1:
            return Done()
        is_begun.set()
        wait_until(context.is_cancelled)
        return refuse(context)

    world.scripted.script["one"] = long
    run = world.add_run("one")
    assert is_begun.wait(10)
    world.engine.interrupt()
    world.pool.stop()
    assert world.list_states(run) == ["running"]
    engine = Engine(world.store, world.clock, Signals(), {"scripted": world.scripted})
    pool = WorkerPool(world.store.queue, world.clock, [LaneController(engine)], owner="next")
    pool.start()
    assert world.wait_for(run).state == "succeeded"
    pool.stop()
    engine.close()
    assert len(set(keys)) == 1
