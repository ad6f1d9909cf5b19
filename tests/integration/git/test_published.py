"""Repositories from which golden paths were published keep their versions."""

import pytest

from tests.deadline import wait_until
from tests.integration.git.client import Client
from tests.running import RunningPlatform

pytestmark = pytest.mark.integration

REPOSITORY = "golden-path-python-service"


@pytest.fixture
def work(ana: Client, platform: RunningPlatform) -> tuple[Client, str]:
    """Return an administrator's clone of a built-in path, and a version of it."""
    wait_until(lambda: is_published(platform), seconds=60)
    owner = Client(ana.folder, ana.port, (platform.home / "token").read_text().strip())
    owner.clone(REPOSITORY, "work")
    return owner, owner.must("tag", "--list", at="work").splitlines()[0]


def is_published(platform: RunningPlatform) -> bool:
    _, events = platform.ask("GET", "/audit?limit=1000")
    subject = "golden-path/python-service/"
    return any(event["subject"].startswith(subject) for event in events["items"])


def test_the_tag_of_a_published_version_stays_where_it_is(work: tuple[Client, str]) -> None:
    owner, tag = work
    owner.commit("work", "Another")
    before = owner.must("ls-remote", "--tags", "origin", at="work")
    for options in (
        ["--force", "origin", f"HEAD:refs/tags/{tag}"],
        ["origin", f":refs/tags/{tag}"],
    ):
        refused = owner.run("push", *options, at="work")
        assert f"remote: error: tag '{tag}' is a published version of golden path" in refused.err
    assert owner.must("ls-remote", "--tags", "origin", at="work") == before


def test_the_repository_is_not_deleted(work: tuple[Client, str], platform: RunningPlatform) -> None:
    outcome = platform.run("repo", "delete", REPOSITORY, "--yes")
    assert "error REPOSITORY-IN-USE" in outcome.err
