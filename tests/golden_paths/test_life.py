"""Each example of each built-in golden path is built with its tests, deployed, and removed."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.deadline import wait_until
from tests.golden_paths.conftest import Example
from tests.running import RunningPlatform

pytestmark = [pytest.mark.integration, pytest.mark.e2e]


def _get(platform: RunningPlatform, example: Example, path: str) -> tuple[int, str]:
    return platform.fetch(f"{example.component}.dev.localhost", path)


def _use_python_service(platform: RunningPlatform, example: Example) -> None:
    status, body = _get(platform, example, "/")
    assert (status, f'"service":"{example.component}"' in body) == (200, True)
    has_items = example.answers["database"] == "postgres"
    assert _get(platform, example, "/items") == ((200, "[]") if has_items else (404, _NOT_FOUND))
    assert _get(platform, example, "/ready")[0] == 200


_NOT_FOUND = '{"detail":"Not Found"}'


def _use_node_service(platform: RunningPlatform, example: Example) -> None:
    assert _get(platform, example, "/greetings/Ada") == (200, '{"text":"Hello Ada"}')


def _use_static_site(platform: RunningPlatform, example: Example) -> None:
    status, body = _get(platform, example, "/")
    assert status == 200
    script = re.search(r'src="(/assets/[^"]+\.js)"', body)
    assert script is not None
    assert _get(platform, example, script[1])[0] == 200
    is_routed = example.answers["routing"] == "client"
    assert _get(platform, example, "/gone")[0] == (200 if is_routed else 404)
    assert _get(platform, example, "/about/")[0] == 200


def _use_worker(platform: RunningPlatform, example: Example) -> None:
    said = {
        "interval": '"message": "worked"',
        "cron": '"message": "the first run is at ',
        "queue": '"message": "waiting for messages"',
    }[example.answers["trigger"]]

    def is_said() -> bool:
        return said in platform.must("logs", example.component, "--env", "dev").out

    wait_until(is_said, seconds=30)


_USES: dict[str, Callable[[RunningPlatform, Example], None]] = {
    "node-service": _use_node_service,
    "python-service": _use_python_service,
    "static-site": _use_static_site,
    "worker": _use_worker,
}


def test_an_example_lives(platform: RunningPlatform, example: Example, folder: Path) -> None:
    documents = (folder / "score.yaml", folder / "catalog-info.yaml")
    platform.must("check", *map(str, documents))
    deployed = platform.must("deploy", str(folder), "--env", "dev")
    assert re.search(r"tests [1-9]\d* passed", deployed.out), deployed.out
    _USES[example.path.name](platform, example)
    platform.must("delete", example.component, "--env", "dev", "--yes")
    assert platform.get_environment(example.component, "dev")["release"] is None
