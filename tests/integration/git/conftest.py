"""One platform with users and git clients of theirs; tests make their own repositories."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.git.client import Client
from tests.running import RunningPlatform, start_platform

PUSH_MAX_BYTES = 3 * 1024**2
TEAM = """apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: shop}
spec: {type: team, children: []}
"""


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlatform]:
    folder = tmp_path_factory.mktemp("git")
    limits = {"FAIRWAY_PUSH_MAX_BYTES": str(PUSH_MAX_BYTES), "FAIRWAY_POLL_SECONDS": "1"}
    with start_platform(folder, **limits) as running:
        (folder / "team.yaml").write_text(TEAM)
        running.must("apply", "-f", str(folder / "team.yaml"))
        running.must("user", "add", "ana", "--group", "shop")
        running.must("user", "add", "eve")
        yield running


@pytest.fixture
def make_client(platform: RunningPlatform, tmp_path: Path) -> Callable[[str], Client]:
    """Give a client for a user; each has a folder of its own."""

    def make(user: str) -> Client:
        folder = tmp_path / user
        folder.mkdir()
        token = platform.must("token", "create", "--user", user).out.strip()
        return Client(folder, platform.port, token)

    return make


@pytest.fixture
def ana(make_client: Callable[[str], Client]) -> Client:
    """Return the client of a member of the group that owns the repositories."""
    return make_client("ana")


@pytest.fixture
def eve(make_client: Callable[[str], Client]) -> Client:
    """Return the client of a user that owns nothing."""
    return make_client("eve")


_NUMBERS = itertools.count(1)


@pytest.fixture
def repository(platform: RunningPlatform) -> str:
    """Return the name of a new empty repository of the group `shop`."""
    name = f"orders-{next(_NUMBERS)}"
    platform.must("repo", "create", name, "--owner", "group:shop", "--protect", "release/*")
    return name
