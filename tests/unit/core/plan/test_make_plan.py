"""A plan says what happens to each node, why, and in which order."""

import dataclasses

import msgspec
import pytest

from fairway.core.definition.definition import ProvisionerDefinition
from fairway.core.graph.live import LiveNode, NodeId, NodeState
from fairway.core.plan import lint
from fairway.core.plan import plan as plans
from fairway.core.plan.make import make_plan
from fairway.core.plan.plan import Plan
from fairway.core.plan.scope import Scope
from fairway.core.workload.workload import ResourceRequest
from tests import worlds

DB = NodeId("postgres.default#orders.db")
WORKLOAD = NodeId("workload/orders")
POSTGRES = ResourceRequest(type="postgres")
URL = {"DATABASE_URL": "${resources.db.url}"}


def actions(plan: Plan) -> dict[str, str]:
    return {step.node: step.action for step in plan.steps}


def deploy(release: object = None) -> tuple[Plan, dict[NodeId, LiveNode]]:
    release = release or worlds.make_release(resources={"db": POSTGRES}, variables=URL)
    plan = worlds.plan_component(worlds.make_dev_graph(release), {})  # type: ignore[arg-type]  # a release
    return plan, worlds.apply_plan(plan, {})


def test_a_first_deployment_creates_and_says_what_is_unknown() -> None:
    plan, _ = deploy()
    assert actions(plan) == {DB: "create", WORKLOAD: "create"}
    workload = plan.get_step("create/workload/orders")
    assert workload.needs == (f"create/{DB}",)
    assert [item.path for item in workload.unknown] == ["containers.main.variables.DATABASE_URL"]


def test_the_same_again_is_a_noop() -> None:
    _, live = deploy()
    release = worlds.make_release(resources={"db": POSTGRES}, variables=URL)
    again = worlds.plan_component(worlds.make_dev_graph(release), live)
    assert again.is_noop
    assert again.summary == {"keep": 2}


def test_a_changed_value_updates_and_shows_both() -> None:
    _, live = deploy(worlds.make_release(variables={"LEVEL": "info"}))
    release = worlds.make_release(number=1, variables={"LEVEL": "debug"})
    plan = worlds.plan_component(worlds.make_dev_graph(release), live)
    (step,) = plan.steps
    assert step.action == "update"
    assert step.diff == (
        plans.Change(path="containers.main.variables.LEVEL", before="info", after="debug"),
    )


def test_a_secret_never_shows() -> None:
    _, live = deploy()
    release = worlds.make_release(resources={"db": POSTGRES}, variables={})
    plan = worlds.plan_component(worlds.make_dev_graph(release), live)
    (change,) = plan.get_step(f"update/{WORKLOAD}").diff
    assert (change.before, change.after) == ("•••", None)
    assert b"url-postgres" not in plans.render_plan(plan)


def test_what_is_asked_for_no_longer_is_deleted_after_its_user_changed() -> None:
    _, live = deploy()
    plan = worlds.plan_component(worlds.make_dev_graph(worlds.make_release()), live)
    assert actions(plan) == {DB: "delete", WORKLOAD: "update"}
    assert plan.get_step(f"delete/{DB}").needs == (f"update/{WORKLOAD}",)


def test_removing_a_component_goes_backwards() -> None:
    _, live = deploy()
    plan = worlds.plan_component(worlds.make_dev_graph(), live)
    assert [step.id for step in plan.steps] == [f"delete/{WORKLOAD}", f"delete/{DB}"]
    assert worlds.apply_plan(plan, live) == {}


def test_a_resource_that_others_use_is_kept() -> None:
    shared = ResourceRequest(type="postgres", id="main")
    _, live = deploy(worlds.make_release(resources={"db": shared}))
    node = NodeId("postgres.default#main")
    live[node] = dataclasses.replace(live[node], consumers=frozenset({"orders", "billing"}))
    plan = worlds.plan_component(worlds.make_dev_graph(), live)
    assert actions(plan)[node] == "keep"
    assert worlds.apply_plan(plan, live)[node].consumers == {"billing"}


def test_shrinking_what_only_grows_replaces_it_and_says_what_is_lost() -> None:
    def volume(size: str) -> ResourceRequest:
        return ResourceRequest(type="volume", params={"size": size})

    _, live = deploy(worlds.make_release(resources={"files": volume("10Gi")}))
    node = NodeId("volume.default#orders.files")
    graph = worlds.make_dev_graph(worlds.make_release(resources={"files": volume("5Gi")}))
    scope = Scope(component="orders", release=1, losses={node: "2.1 GiB"})
    plan = make_plan(graph, live, scope, traits=worlds.TRAITS)
    step = plan.get_step(f"replace/{node}")
    assert step.loses == "2.1 GiB"
    assert step.reasons[0].text == "size cannot shrink: 10Gi → 5Gi"
    grown = worlds.make_dev_graph(worlds.make_release(resources={"files": volume("20Gi")}))
    assert actions(worlds.plan_component(grown, live))[node] == "update"


def test_another_driver_replaces() -> None:
    release = worlds.make_release(resources={"db": POSTGRES})
    _, live = deploy(release)
    other = ProvisionerDefinition(name="other", type="postgres", match={}, driver="cloud")
    graph = worlds.make_dev_graph(release, definitions=worlds.make_definitions(other))
    assert actions(worlds.plan_component(graph, live))[DB] == "replace"


@pytest.mark.parametrize(
    ("state", "action"), [("missing", "create"), ("drifted", "update"), ("unknown", "update")]
)
def test_what_is_not_as_it_was_made_is_made_again(state: NodeState, action: str) -> None:
    release = worlds.make_release(resources={"db": POSTGRES}, variables=URL)
    _, live = deploy(release)
    live[DB] = dataclasses.replace(live[DB], state=state)
    plan = worlds.plan_component(worlds.make_dev_graph(release), live)
    assert actions(plan) == {DB: action, WORKLOAD: "unknown"}


def test_the_base_names_every_node_and_definition_that_was_read() -> None:
    plan, _ = deploy()
    assert plan.base == {
        "environment/dev": 1,
        "target/machine": 1,
        "provisioner/postgres-local": 1,
        "resourcetype/postgres": 1,
        f"node/dev/{DB}": 0,
        f"node/dev/{WORKLOAD}": 0,
    }


def test_a_changed_shared_resource_warns_its_other_users() -> None:
    def shared(size: str) -> ResourceRequest:
        return ResourceRequest(type="volume", id="files", params={"size": size})

    _, live = deploy(worlds.make_release(resources={"files": shared("1Gi")}))
    node = NodeId("volume.default#files")
    live[node] = dataclasses.replace(live[node], consumers=frozenset({"orders", "billing"}))
    graph = worlds.make_dev_graph(worlds.make_release(resources={"files": shared("2Gi")}))
    (finding,) = worlds.plan_component(graph, live).findings
    assert finding.code == "RESOURCE-SHARED-CHANGE"
    assert "billing" in finding.text


def test_a_plan_survives_its_bytes() -> None:
    plan, _ = deploy()
    assert plans.parse_plan(plans.render_plan(plan)) == plan


def test_changed_bytes_are_noticed() -> None:
    plan, _ = deploy()
    changed = plans.render_plan(plan).replace(b'"action":"create"', b'"action":"delete"', 1)
    with pytest.raises(ValueError, match="was changed"):
        plans.parse_plan(changed)


def test_the_linter_finds_a_step_before_its_need() -> None:
    plan, _ = deploy()
    swapped = msgspec.structs.replace(plan, steps=tuple(reversed(plan.steps)))
    assert lint.list_defects(plan) == ()
    assert any("comes before" in defect for defect in lint.list_defects(swapped))
