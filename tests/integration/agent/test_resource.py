"""The resources that the agent provides to workloads."""

import http.client
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fairway.core.graph.live import NodeId
from fairway.drivers.process.dns import DnsProvisioner
from fairway.drivers.process.environment import EnvironmentProvisioner
from fairway.drivers.process.route import RouteProvisioner
from fairway.drivers.process.service_port import ServicePortProvisioner
from fairway.drivers.process.volume import VolumeProvisioner
from fairway.kits.errors import Refused, Unavailable
from fairway.ports.provisioner import Provisioner, ResourceSpec
from tests.contract.target import program
from tests.contract.target.process_stage import ProcessStage
from tests.contract.target.stage import HEALTH, WEB, fetch, make_spec, run
from tests.deadline import wait_until

pytestmark = pytest.mark.integration


def _spec(kind: str, **params: str) -> ResourceSpec:
    return ResourceSpec(
        environment="dev",
        id=NodeId(f"{kind}.default#orders.x"),
        type=kind,
        class_="default",
        component="orders",
        params=params,
        inputs={},
        key="k",
    )


def _ignore(text: str) -> None:
    assert text


@pytest.fixture
def web_stage(tmp_path: Path) -> Iterator[ProcessStage]:
    """A process target with a gateway."""
    stage = ProcessStage(tmp_path)
    yield stage
    stage.close()


def _check_life(provisioner: Provisioner, spec: ResourceSpec) -> None:
    """Apply twice, observe, delete twice."""
    assert provisioner.observe(spec).state == "missing"
    outputs = provisioner.apply(spec, _ignore)
    spec = replace(spec, outputs=outputs)
    assert provisioner.observe(spec).state == "present"
    assert provisioner.apply(spec, _ignore) == outputs
    for _ in range(2):
        provisioner.delete(spec, "delete", _ignore)


def test_a_volume_grows_tells_its_loss_and_is_backed_up(own_stage: ProcessStage) -> None:
    provisioner = VolumeProvisioner(own_stage.agent)
    _check_life(provisioner, _spec("volume", size="1Mi"))
    spec = _spec("volume", size="2Mi")
    source = Path(str(provisioner.apply(spec, _ignore)["source"]))
    assert provisioner.preview_delete(spec) is None
    (source / "note").write_bytes(b"x" * 2048)
    loss = provisioner.preview_delete(spec)
    assert loss is not None
    assert (loss.summary, loss.size_bytes) == ("2.0 KiB in 1 file", 2048)
    with pytest.raises(Refused, match="were asked for"):
        provisioner.apply(_spec("volume", size="1Mi"), _ignore)
    provisioner.delete(spec, "keep", _ignore)
    assert source.exists()
    provisioner.delete(spec, "snapshot", _ignore)
    assert not source.exists()
    assert len(list(own_stage.home.glob("backups/volumes/dev/*.tar.gz"))) == 1


def test_a_route_leads_to_its_workload(web_stage: ProcessStage) -> None:
    provisioner = RouteProvisioner(web_stage.agent)

    def is_up() -> bool:
        try:
            provisioner.apply(_spec("route"), _ignore)
        except Unavailable:
            return False
        return True

    wait_until(is_up)
    provisioner.delete(_spec("route"), "delete", _ignore)
    _check_life(provisioner, _spec("route", path="/api", port="80"))
    outputs = provisioner.apply(_spec("route"), _ignore)
    assert outputs["url"] == f"http://orders.dev.localhost:{web_stage.port}"


def test_a_service_port_stays_while_instances_change(own_stage: ProcessStage) -> None:
    spec = make_spec(own_stage, program.SERVER, container={"readiness_probe": HEALTH})
    spec = replace(spec, ports=WEB)
    provisioner = ServicePortProvisioner(own_stage.agent)
    wanted = _spec("service-port", workload=spec.component, port="www")
    _check_life(provisioner, wanted)
    port = provisioner.apply(wanted, _ignore)["port"]
    for release in (1, 2):
        spec = replace(spec, release=release, generation=f"g{release}")
        run(own_stage, spec)

        def answers(release: int = release) -> bool:
            try:
                text = fetch(f"http://127.0.0.1:{port}/", "any", "GET")[1]
            except (OSError, http.client.HTTPException):
                return False
            return text.endswith(f" {release}")

        wait_until(answers)


def test_names_and_facts_need_no_system() -> None:
    _spec_dns = _spec("dns", host="shop")
    assert DnsProvisioner().apply(_spec_dns, _ignore) == {"host": "shop.dev.localhost"}
    assert DnsProvisioner().apply(_spec("dns"), _ignore) == {"host": "orders.dev.localhost"}
    with pytest.raises(Refused, match="is not a host name"):
        DnsProvisioner().apply(_spec("dns", host="a b"), _ignore)
    facts = EnvironmentProvisioner()
    spec = replace(
        _spec("environment"), environment_type="qa", inputs={"values": {"REGION": "here"}}
    )
    assert facts.apply(spec, _ignore) == {"name": "dev", "type": "qa", "REGION": "here"}
    with pytest.raises(Refused, match="has no value 'ZONE'"):
        facts.apply(replace(spec, params={"key": "ZONE"}), _ignore)
