"""The platform's own proof of each built-in path, as its owners run it."""

from pathlib import Path

import pytest

from tests.golden_paths.conftest import PATHS, read_path
from tests.running import RunningPlatform

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("path", PATHS, ids=lambda path: str(path.name))
def test_every_example_passes_the_paths_own_test(platform: RunningPlatform, path: Path) -> None:
    platform.wait_for_paths()
    arguments = ("path", "test", path.name, "--output", "json")
    outcome = platform.run(*arguments, seconds=500)
    assert outcome.code == 0, outcome.out + outcome.err
    steps = platform.ask("GET", f"/runs/{outcome.data['id']}")[1]["steps"]
    proven = {step["name"] for step in steps if step["kind"] == "path-example"}
    assert proven == {example["name"] for example in read_path(path)["spec"]["examples"]}
    assert {step["state"] for step in steps} == {"succeeded"}
