"""A graph has one node per resource and workload, in the order of their needs."""

import pytest

from fairway.core.graph.live import NodeId
from fairway.core.graph.make import Fragments, Member, make_graph
from fairway.core.workload.workload import Container, ResourceRequest, VolumeMount
from fairway.kits.errors import Refused
from tests import worlds

POSTGRES = ResourceRequest(type="postgres")


def test_a_workload_comes_after_all_its_resources() -> None:
    release = worlds.make_release(resources={"db": POSTGRES, "www": ResourceRequest(type="route")})
    graph = worlds.make_dev_graph(release)
    assert graph.order[-1] == "workload/orders"
    assert set(graph.order) == {
        "postgres.default#orders.db",
        "route.default#orders.www",
        "workload/orders",
    }


def test_a_resource_comes_after_one_that_its_params_refer_to() -> None:
    route = ResourceRequest(type="route", params={"host": "${resources.name.host}"})
    release = worlds.make_release(resources={"a": route, "name": ResourceRequest(type="dns")})
    graph = worlds.make_dev_graph(release)
    assert graph.nodes[NodeId("route.default#orders.a")].needs == ("dns.default#orders.name",)
    assert graph.order[0] == "dns.default#orders.name"


def test_a_shared_id_is_one_node_with_both_consumers() -> None:
    shared = ResourceRequest(type="postgres", id="main")
    graph = worlds.make_dev_graph(
        worlds.make_release("orders", resources={"db": shared}),
        worlds.make_release("billing", resources={"store": shared}),
    )
    node = graph.nodes[NodeId("postgres.default#main")]
    assert node.consumers == {"orders", "billing"}
    assert len(graph.nodes) == 3


def test_a_shared_id_with_other_params_is_refused() -> None:
    first = ResourceRequest(type="volume", id="files", params={"size": "1Gi"})
    second = ResourceRequest(type="volume", id="files", params={"size": "2Gi"})
    with pytest.raises(Refused) as caught:
        worlds.make_dev_graph(
            worlds.make_release("orders", resources={"v": first}),
            worlds.make_release("billing", resources={"v": second}),
        )
    assert caught.value.code == "RESOURCE-CONFLICT"


def test_a_cycle_is_named() -> None:
    resources = {
        "a": ResourceRequest(type="dns", params={"x": "${resources.b.host}"}),
        "b": ResourceRequest(type="dns", params={"x": "${resources.a.host}"}),
    }
    with pytest.raises(Refused) as caught:
        worlds.make_dev_graph(worlds.make_release(resources=resources))
    assert caught.value.code == "PLAN-CYCLE"
    assert "'dns.default#orders.a' needs 'dns.default#orders.b'" in caught.value.why


def test_an_output_that_the_type_does_not_promise_is_refused() -> None:
    release = worlds.make_release(
        resources={"db": POSTGRES}, variables={"X": "${resources.db.colour}"}
    )
    with pytest.raises(Refused) as caught:
        worlds.make_dev_graph(release)
    assert caught.value.code == "RESOURCE-OUTPUT-UNKNOWN"
    assert "'host', 'url'" in caught.value.why


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (ResourceRequest(type="oracle"), "RESOURCE-TYPE-UNKNOWN"),
        (ResourceRequest(type="postgres", class_="gold"), "RESOURCE-CLASS-UNKNOWN"),
    ],
)
def test_what_is_not_offered_is_refused(request_: ResourceRequest, code: str) -> None:
    with pytest.raises(Refused) as caught:
        worlds.make_dev_graph(worlds.make_release(resources={"db": request_}))
    assert caught.value.code == code


def test_a_volume_stands_for_its_source() -> None:
    container = Container(image=".", volumes={"/data": VolumeMount(source="${resources.files}")})
    release = worlds.make_release(
        resources={"files": ResourceRequest(type="volume")}, containers={"main": container}
    )
    inputs = worlds.make_dev_graph(release).nodes[NodeId("workload/orders")].inputs
    assert '"output": "source"' in str(inputs).replace("'", '"')


def test_an_unknown_environment_names_those_there_are() -> None:
    with pytest.raises(Refused, match="the environments are 'dev'"):
        make_graph("prod", [], worlds.make_definitions())


def test_an_unchanged_member_is_not_rendered_again() -> None:
    definitions = worlds.make_definitions()
    members = [
        Member(release=worlds.make_release(name, resources={"db": POSTGRES}))
        for name in ("orders", "billing")
    ]
    fragments: Fragments = {}
    first = make_graph("dev", members, definitions, fragments=fragments)
    changed = [members[0], Member(release=worlds.make_release("billing", 2))]
    second = make_graph("dev", changed, definitions, fragments=fragments)
    kept, moved = NodeId("workload/orders"), NodeId("workload/billing")
    assert second.nodes[kept] is first.nodes[kept]
    assert second.nodes[moved] is not first.nodes[moved]


def test_replicas_come_from_the_annotation_before_the_environment() -> None:
    definitions = worlds.make_definitions(defaults={"replicas": 3})
    plain = worlds.make_release()
    wished = worlds.make_release(annotations={"fairway.dev/replicas": "5"})
    node = NodeId("workload/orders")
    assert worlds.make_dev_graph(plain, definitions=definitions).nodes[node].inputs["replicas"] == 3
    assert (
        worlds.make_dev_graph(wished, definitions=definitions).nodes[node].inputs["replicas"] == 5
    )


def test_replicas_that_are_no_number_are_refused() -> None:
    release = worlds.make_release(annotations={"fairway.dev/replicas": "many"})
    with pytest.raises(Refused, match="'many'"):
        worlds.make_dev_graph(release)
