"""One platform for the tests that only use it; those that kill it start their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import RunningPlatform, start_platform, write_service


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlatform]:
    with start_platform(tmp_path_factory.mktemp("platform")) as running:
        running.wait_for_paths()  # tests compare what there is before and after
        yield running


@pytest.fixture
def service(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A small service named after the test."""
    name = request.node.name.removeprefix("test_").replace("_", "-")[:40].strip("-")
    return write_service(tmp_path / name, name)
