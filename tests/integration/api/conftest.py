"""One platform for all tests of the API: they change only what they make."""

from collections.abc import Iterator

import pytest

from tests.running import RunningPlatform, start_platform


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlatform]:
    with start_platform(tmp_path_factory.mktemp("api")) as running:
        yield running
