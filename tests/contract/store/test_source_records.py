"""Repositories and golden paths: what is stored comes back as it was."""

from dataclasses import replace

from fairway.core.golden_path.golden_path import PathLink, PathVersion, UpgradeOffer
from fairway.core.graph.live import SealedValue
from fairway.core.source.conflict import Conflict
from fairway.core.source.origin import Origin
from fairway.core.source.repository import CommitStatus, Push, Repository
from fairway.drivers.sqlalchemy.store import SqlStore
from fairway.kits.digest import make_digest
from tests.contract.store.conftest import START

REPOSITORY = Repository(
    name="orders",
    owner="group:default/shop",
    component="orders",
    environments=("dev", "staging"),
    protected=("release/*",),
    created_at=START,
    created_by="ana",
)
PUSH = Push(
    number=0, repository="orders", branch="main", before="", after="a1", actor="ana", at=START
)
STATUS = CommitStatus(
    repository="orders", commit="a1", context="dev", state="pending", text="building", at=START
)
VERSION = PathVersion(
    path="python-service",
    version="v1",
    repository="golden-path-python-service",
    commit="c1",
    parameters={"type": "object", "properties": {"port": {"type": "integer", "default": 8080}}},
    environments=("dev",),
    document={"kind": "GoldenPath"},
    changelog="The first.",
    published_at=START,
    published_by="ana",
)
LINK = PathLink(
    component="orders",
    repository="orders",
    path="python-service",
    version="v1",
    answers={"port": 8080, "redis": False},
    files={"score.yaml": make_digest(b"x")},
    updated_at=START,
)
OFFER = UpgradeOffer(
    component="orders",
    repository="orders",
    path="python-service",
    from_version="v1",
    to_version="v2",
    branch="fairway/python-service-v2",
    base="a1",
    commit="b1",
    state="conflicted",
    answers={"port": 8080},
    files={},
    conflicts=(Conflict(path="app.py", kind="content", text="both changed app.py"),),
    made_at=START,
)


def test_a_repository_is_found_by_name_and_by_component(store: SqlStore) -> None:
    with store.write() as tx:
        stored = tx.repositories.put(REPOSITORY)
        assert stored == replace(REPOSITORY, revision=1)
        again = tx.repositories.put(replace(stored, origin="https://git.example.com/orders.git"))
        assert again.revision == 2
    with store.read() as tx:
        assert tx.repositories.find("orders") == again
        assert tx.repositories.find_by_component("orders") == again
        assert tx.repositories.find("none") is None
        assert tx.repositories.list_all() == (again,)


def test_what_is_known_of_an_origin_goes_with_its_repository(store: SqlStore) -> None:
    sealed = SealedValue(sealed="x", fingerprint="f")
    origin = Origin(repository="orders", hook_secret=sealed, state="etag:1", followed_at=START)
    with store.write() as tx:
        tx.repositories.put(REPOSITORY)
        tx.repositories.put_origin(Origin(repository="orders"))
        tx.repositories.put_origin(origin)
    with store.read() as tx:
        assert tx.repositories.find_origin("orders") == origin
        assert tx.repositories.find_origin("none") is None
    with store.write() as tx:
        tx.repositories.remove("orders")
    with store.read() as tx:
        assert tx.repositories.find_origin("orders") is None


def test_pushes_are_numbered_and_come_back_newest_first(store: SqlStore) -> None:
    with store.write() as tx:
        first = tx.repositories.add_push(PUSH)
        second = tx.repositories.add_push(replace(PUSH, before="a1", after="a2"))
        other = tx.repositories.add_push(replace(PUSH, branch="topic"))
        assert first.number < second.number < other.number
        assert tx.repositories.find_last_push("orders", "main") == second
        assert tx.repositories.list_pushes("orders", branch="main") == (second, first)
        assert tx.repositories.list_pushes("orders", limit=1) == (other,)
        assert tx.repositories.find_last_push("orders", "none") is None


def test_a_status_replaces_the_one_of_its_context(store: SqlStore) -> None:
    done = replace(STATUS, state="success", text="release 4", run=7)
    build = replace(STATUS, context="build", state="success")
    with store.write() as tx:
        for status in (STATUS, done, build):
            tx.repositories.put_status(status)
        assert tx.repositories.list_statuses("orders", "a1") == (build, done)
        assert tx.repositories.list_statuses("orders", "a2") == ()


def test_a_removed_repository_leaves_nothing(store: SqlStore) -> None:
    with store.write() as tx:
        tx.repositories.put(REPOSITORY)
        tx.repositories.add_push(PUSH)
        tx.repositories.put_status(STATUS)
        for _ in range(2):
            tx.repositories.remove("orders")
        assert tx.repositories.find("orders") is None
        assert tx.repositories.list_pushes("orders") == ()
        assert tx.repositories.list_statuses("orders", "a1") == ()


def test_versions_come_back_the_last_published_first(store: SqlStore) -> None:
    newer = replace(VERSION, version="v2", changelog="More.")
    with store.write() as tx:
        tx.golden_paths.add_version(VERSION)
        tx.golden_paths.add_version(newer)
        assert tx.golden_paths.find_version("python-service", "v1") == VERSION
        assert tx.golden_paths.find_version("python-service", "v3") is None
        assert tx.golden_paths.list_published(VERSION.repository) != ()
        assert tx.golden_paths.list_published("none") == ()
        assert tx.golden_paths.list_versions("python-service") == (newer, VERSION)
        assert tx.golden_paths.list_versions("none") == ()


def test_links_and_offers_are_those_of_a_component(store: SqlStore) -> None:
    with store.write() as tx:
        link = tx.golden_paths.put_link(LINK)
        offer = tx.golden_paths.put_offer(OFFER)
        assert (link.revision, offer.revision) == (1, 1)
        assert tx.golden_paths.put_link(replace(link, version="v2")).revision == 2
        assert tx.golden_paths.find_offer("orders") == offer
        assert tx.golden_paths.list_offers(path="python-service") == (offer,)
        assert [item.version for item in tx.golden_paths.list_links()] == ["v2"]
        assert tx.golden_paths.list_links(path="worker") == ()
        tx.golden_paths.remove_link("orders")
        assert tx.golden_paths.find_link("orders") is None
        assert tx.golden_paths.find_offer("orders") is None
