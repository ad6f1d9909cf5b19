"""Repositories from which golden paths were published keep their versions."""

from datetime import UTC, datetime

import pytest

from fairway.core.golden_path.golden_path import PathVersion
from fairway.drivers.sqlalchemy.store import open_store
from fairway.drivers.system.clock import SystemClock
from tests.integration.git.client import Client
from tests.running import RunningPlatform

pytestmark = pytest.mark.integration


@pytest.fixture
def published(ana: Client, repository: str, platform: RunningPlatform) -> str:
    """Return a repository, cloned to `work`, whose tag v1 is a version of a golden path."""
    ana.clone(repository, "work")
    commit = ana.commit("work", a__txt="1")
    ana.must("push", "--quiet", "origin", "HEAD:main", "HEAD:refs/tags/v1", at="work")
    version = PathVersion(
        path=repository,
        version="v1",
        repository=repository,
        commit=commit,
        parameters={},
        document={},
        published_at=datetime.now(UTC),
        published_by="ana",
    )
    store = open_store(f"sqlite:///{platform.home}/fairway.db", SystemClock())
    try:
        with store.write() as tx:
            tx.golden_paths.add_version(version)
    finally:
        store.close()
    return repository


def test_the_tag_of_a_published_version_stays_where_it_is(ana: Client, published: str) -> None:
    ana.commit("work", "Another")
    before = ana.must("ls-remote", "--tags", "origin", at="work")
    for options in (["--force", "HEAD:refs/tags/v1"], [":refs/tags/v1"]):
        *flags, spec = options
        refused = ana.run("push", *flags, "origin", spec, at="work")
        assert "remote: error: tag 'v1' is a published version of golden path" in refused.err
    assert ana.must("ls-remote", "--tags", ana.url(published)) == before
    ana.must("push", "--quiet", "origin", "HEAD:refs/tags/v2", at="work")


def test_the_repository_is_not_deleted(published: str, platform: RunningPlatform) -> None:
    outcome = platform.run("repo", "delete", published, "--yes")
    assert "error REPOSITORY-IN-USE" in outcome.err
    assert platform.ask("GET", f"/repositories/{published}")[0] == 200
