"""What is done without being asked: noting what was missed, packing, and what survives alone."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fairway.controllers.repository import GarbageController, RepositoryController
from fairway.core.source.tree import TreeFile
from fairway.kits.errors import Refused
from fairway.ports.source_control import Signature
from fairway.ports.store.work_queue import Lease
from fairway.usecases.platform import Platform
from fairway.usecases.source import manage_repositories, receive_push
from fairway.usecases.source.manage_repositories import Rules
from tests.integration.git.hosting import OWNER, open_platform, prepare

pytestmark = pytest.mark.integration

REPOSITORY = "orders"
MAIN = "refs/heads/main"


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    prepare(tmp_path / "home", REPOSITORY)
    with open_platform(tmp_path / "home") as opened:
        yield opened


def commit(platform: Platform, content: str, *parents: str, before: str = "") -> str:
    """Move the main branch without anybody noting it."""
    control = platform.source_control
    made = control.write_commit(
        REPOSITORY,
        tree=control.write_tree(REPOSITORY, {"a": TreeFile(content.encode())}),
        parents=parents,
        message="Change",
        signature=Signature(name="Ana", email="a@x", at=datetime(2026, 1, 1, tzinfo=UTC)),
    )
    control.move_ref(REPOSITORY, MAIN, to=made, expected=before)
    return made


def make_lease(kind: str, key: str = REPOSITORY) -> Lease:
    return Lease(kind=kind, key=key, token="x", generation=1, attempts=0)


def test_a_branch_that_moved_unnoted_is_noted_once(platform: Platform) -> None:
    first = commit(platform, "1")
    controller = RepositoryController(platform, poll_seconds=60)
    for _ in range(2):
        assert controller.reconcile(make_lease(controller.kind)) is None
    second = commit(platform, "2", first, before=first)
    controller.reconcile(make_lease(controller.kind))
    platform.source_control.move_ref(REPOSITORY, MAIN, to="", expected=second)
    controller.reconcile(make_lease(controller.kind))
    with platform.store.read() as tx:
        pushes = tx.repositories.list_pushes(REPOSITORY)
        events = tx.audit.list_events(subject=f"repository/{REPOSITORY}/{MAIN}")
    assert [(push.before, push.after, push.actor) for push in reversed(pushes)] == [
        ("", first, receive_push.PLATFORM),
        (first, second, receive_push.PLATFORM),
        (second, "", receive_push.PLATFORM),
    ]
    assert [event.type for event in events] == ["push.received"] * 3


def test_every_repository_is_looked_at_after_a_start(platform: Platform) -> None:
    manage_repositories.mark_all(platform)
    leases = platform.store.queue.claim(  # type: ignore[attr-defined]  # the store of tests has a queue
        [manage_repositories.REPOSITORY], owner="test", lease_seconds=60, limit=10
    )
    assert [lease.key for lease in leases] == [REPOSITORY]


def test_what_is_loose_is_packed_and_again_a_day_later(platform: Platform) -> None:
    commit(platform, "1")
    controller = GarbageController(platform)
    again_at = controller.reconcile(make_lease(controller.kind))
    assert again_at is not None
    assert 23 < (again_at - platform.clock.now()).total_seconds() / 3600 < 25
    folder = platform.source_control.get_path(REPOSITORY)
    assert list((folder / "objects" / "pack").glob("*.pack"))
    assert controller.reconcile(make_lease(controller.kind, "none")) is None


def test_a_repository_that_is_gone_is_looked_at_no_more(platform: Platform) -> None:
    controller = RepositoryController(platform, poll_seconds=60)
    assert controller.reconcile(make_lease(controller.kind, "none")) is None


def test_commits_that_the_store_does_not_know_are_not_overwritten(platform: Platform) -> None:
    rules = Rules(owner="user:ana")
    platform.source_control.create("billing", default_branch="main")
    manage_repositories.create_repository(platform, OWNER, "billing", rules)
    commit(platform, "1")
    with platform.store.write() as tx:
        tx.repositories.remove(REPOSITORY)
    with pytest.raises(Refused) as caught:
        manage_repositories.create_repository(platform, OWNER, REPOSITORY, rules)
    assert caught.value.code == "REPOSITORY-TAKEN"
    assert platform.source_control.list_refs(REPOSITORY)
