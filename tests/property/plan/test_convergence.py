"""From any observed state, the plan reaches what is wanted, and never out of order."""

import dataclasses
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from fairway.core.graph.live import LiveNode, NodeId, NodeState
from fairway.core.plan import lint
from fairway.core.plan import plan as plans
from fairway.core.plan.make import Memo, make_plan
from fairway.core.plan.scope import Scope
from fairway.core.release.release import Release
from fairway.core.workload.workload import ResourceRequest
from tests import worlds

NAMES = ("a", "b", "c", "d")
STATES: tuple[NodeState, ...] = ("present", "present", "missing", "drifted", "unknown")
TYPES = ("postgres", "dns", "route", "volume")


@st.composite
def releases(draw: st.DrawFn, component: str = "orders") -> Release:
    """Return a release whose resources refer only to ones before them: no cycles."""
    resources: dict[str, ResourceRequest] = {}
    kinds: dict[str, str] = {}
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True)):
        kind = draw(st.sampled_from(TYPES))
        earlier = sorted(kinds)
        params: dict[str, str] = {"size": draw(st.sampled_from(("1Gi", "2Gi", "3Gi")))}
        if draw(st.booleans()) and earlier:
            other = draw(st.sampled_from(earlier))
            output = draw(st.sampled_from(worlds.OUTPUTS[kinds[other]]))
            params["from"] = f"x-${{resources.{other}.{output}}}"
        shared = draw(st.sampled_from((None, f"shared-{kind}-{params['size'][0]}")))
        if shared is not None:
            params.pop("from", None)
        resources[name] = ResourceRequest(type=kind, id=shared, params=params)
        kinds[name] = kind
    variables = {
        name.upper(): f"${{resources.{name}.{worlds.OUTPUTS[kind][0]}}}"
        for name, kind in kinds.items()
        if draw(st.booleans())
    }
    number = draw(st.integers(1, 5))
    return worlds.make_release(component, number, resources=resources, variables=variables)


def damage(live: Mapping[NodeId, LiveNode], draw: st.DataObject) -> dict[NodeId, LiveNode]:
    """Return `live` with some nodes gone, drifted, or cut off in mid-step."""
    damaged = {}
    for name, node in live.items():
        state = draw.draw(st.sampled_from(STATES))
        damaged[name] = dataclasses.replace(node, state=state, revision=node.revision + 1)
    return damaged


@settings(max_examples=200, deadline=None)
@given(before=releases(), wanted=releases(), data=st.data())
def test_any_observed_state_is_brought_to_what_is_wanted(
    before: Release, wanted: Release, data: st.DataObject
) -> None:
    live = worlds.apply_plan(worlds.plan_component(worlds.make_dev_graph(before), {}), {})
    live = damage(live, data)
    graph = worlds.make_dev_graph(wanted)
    plan = worlds.plan_component(graph, live)
    assert lint.list_defects(plan) == ()
    reached = worlds.apply_plan(plan, live)
    assert set(reached) == set(graph.nodes)
    assert worlds.plan_component(graph, reached).is_noop


@settings(max_examples=100, deadline=None)
@given(first=releases("orders"), second=releases("billing"))
def test_removing_one_component_leaves_all_that_another_uses(
    first: Release, second: Release
) -> None:
    live = worlds.apply_plan(worlds.plan_component(worlds.make_dev_graph(first), {}), {})
    other = worlds.make_dev_graph(second)
    live = worlds.apply_plan(worlds.plan_component(other, live, "billing"), live)
    plan = worlds.plan_component(worlds.make_dev_graph(), live)
    assert set(worlds.apply_plan(plan, live)) == set(other.nodes)


@settings(max_examples=100, deadline=None)
@given(before=releases(), wanted=releases(), data=st.data())
def test_a_memo_changes_nothing_but_the_time(
    before: Release, wanted: Release, data: st.DataObject
) -> None:
    memo = Memo()
    live: dict[NodeId, LiveNode] = {}
    for release in (before, wanted, before):
        graph = worlds.make_dev_graph(release)
        scope = Scope(component="orders", release=release.number)
        fast = make_plan(graph, live, scope, traits=worlds.TRAITS, memo=memo)
        slow = make_plan(graph, live, scope, traits=worlds.TRAITS)
        assert plans.render_plan(fast) == plans.render_plan(slow)
        live = damage(worlds.apply_plan(fast, live), data)


SCRIPT = """
from fairway.core.plan import plan as plans
from fairway.core.workload.workload import ResourceRequest
from tests import worlds
resources = {
    "db": ResourceRequest(type="postgres"),
    "files": ResourceRequest(type="volume", params={"size": "1Gi", "b": 1, "a": 2}),
    "www": ResourceRequest(type="route", params={"host": "${resources.name.host}"}),
    "name": ResourceRequest(type="dns"),
}
release = worlds.make_release(resources=resources, variables={"X": "${resources.db.url}"})
graph = worlds.make_dev_graph(release)
first = worlds.plan_component(graph, {})
live = worlds.apply_plan(first, {})
second = worlds.plan_component(worlds.make_dev_graph(worlds.make_release(number=2)), live)
print((plans.render_plan(first) + plans.render_plan(second)).decode())
"""


def test_the_same_plan_has_the_same_bytes_under_fifty_hash_seeds() -> None:
    root = Path(__file__).parents[3]
    seen = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={"PYTHONHASHSEED": str(seed), "PYTHONPATH": f"{root}/src:{root}"},
            capture_output=True,
            check=True,
        ).stdout
        for seed in range(50)
    }
    assert len(seen) == 1
