"""Rollouts and rollbacks fail no request, on kept-alive connections and with several replicas."""

from pathlib import Path

import pytest

from tests.load import Load
from tests.running import SCORE, RunningPlatform, edit, write_service

pytestmark = pytest.mark.e2e

ROLLOUTS = 20
ROLLBACKS = 3


def test_twenty_rollouts_and_three_rollbacks_fail_no_request(
    platform: RunningPlatform, tmp_path: Path
) -> None:
    score = SCORE.replace(
        "metadata: {name: NAME}",
        'metadata: {name: NAME, annotations: {"fairway.dev/replicas": "2"}}',
    )
    service = write_service(tmp_path / "loaded", "loaded", score=score)
    platform.must("deploy", str(service), "--env", "dev")
    load = Load(platform.gateway_port, "loaded.dev.localhost", clients=3, pause_seconds=0.002)
    with load.running():
        for number in range(ROLLOUTS):
            edit(service / "server.py", "TEXT =", f"N{number} = {number}\nTEXT =")
            platform.must("deploy", str(service), "--env", "dev")
        for _ in range(ROLLBACKS):
            platform.must("rollback", "loaded", "--env", "dev")
    assert load.failures == []
    assert load.requests > 1000
