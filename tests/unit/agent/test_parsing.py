"""Settings, cursors and orders from text."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.agent import log, order
from fairway.agent.order import Order
from fairway.agent.setting import parse_settings
from fairway.core.workload.workload import HttpGet, Probe, ServicePort
from fairway.kits.errors import Refused
from fairway.ports.target import ContainerSpec, FileSpec, MountSpec, WorkloadSpec


def test_settings_override_their_defaults() -> None:
    found = parse_settings(
        {"stopSeconds": 3, "logSize": "1Mi", "readinessPeriodSeconds": 0.2, "other": "x"}
    )
    assert (found.stop_seconds, found.log_bytes) == (3, 1024**2)
    assert found.readiness.period_seconds == 0.2
    assert found.drain_seconds == parse_settings({}).drain_seconds


@pytest.mark.parametrize("value", [-1, "3", True, float("nan"), float("inf")])
def test_a_setting_that_is_no_number_from_0_is_refused(value: object) -> None:
    with pytest.raises(Refused, match="drainSeconds"):
        parse_settings({"drainSeconds": value})  # type: ignore[dict-item]


@given(
    st.dictionaries(
        st.text("0123456789abcdef", min_size=6, max_size=6), st.integers(0, 2**64), min_size=1
    )
)
def test_a_cursor_is_read_as_it_was_written(positions: dict[str, int]) -> None:
    assert log.parse_cursor(log.render_cursor(positions)) == positions


def test_what_is_no_cursor_is_refused() -> None:
    with pytest.raises(Refused, match="'nonsense' is not a cursor"):
        log.parse_cursor("nonsense")


def test_an_order_is_read_as_it_was_written() -> None:
    container = ContainerSpec(
        image=".",
        command=("python", "main.py"),
        variables={"A": "ü"},
        files={"a": FileSpec(content=b"\x00\xff", mode="0600")},
        volumes={"b": MountSpec(source="/v", is_read_only=True)},
        before={"other": "healthy"},
        readiness_probe=Probe(http_get=HttpGet(port=1, path="/", headers=(("a", "b"),))),
    )
    spec = WorkloadSpec(
        environment="dev",
        component="orders",
        release=1,
        generation="g",
        artifact="sha256:0",
        replicas=2,
        containers={"main": container},
        ports={"www": ServicePort(port=80, target_port=8080)},
        settings={"stopSeconds": 1.5, "nested": {"x": [1, None]}},
    )
    wanted = Order(spec=spec, tree=Path("/tree"), python=Path("/python"))
    assert order.parse_order(order.render_order(wanted)) == wanted


def test_what_is_no_order_is_refused_without_its_content() -> None:
    with pytest.raises(Refused) as caught:
        order.parse_order(b'{"spec": {"secret": "hunter2"}}')
    assert "hunter2" not in str(caught.value)
