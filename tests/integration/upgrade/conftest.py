"""A platform without servers, a golden path in two versions, and services made from the first."""

import dataclasses
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fairway.controllers.lane import LaneController
from fairway.core.catalog.entity import Entity
from fairway.core.golden_path.golden_path import PathLink, UpgradeOffer
from fairway.core.run.run import Run, RunId
from fairway.core.source.repository import Repository
from fairway.core.source.tree import Tree, TreeFile, make_file_digests
from fairway.drivers.sqlalchemy.store import open_store
from fairway.drivers.system.clock import SystemClock
from fairway.ports.source_control import Signature
from fairway.runtime.engine import Engine
from fairway.runtime.worker import WorkerPool
from fairway.settings import Settings
from fairway.usecases.catalog import apply_entities
from fairway.usecases.golden_path import publish_path, scaffold_component
from fairway.usecases.golden_path.steps import executors
from fairway.usecases.platform import Actor, Platform
from fairway.wiring.control_plane import make_platform
from tests.deadline import wait_until

ADMIN = Actor(name="ana", is_admin=True)
ANA = Signature(name="Ana", email="ana@example.com", at=datetime(2026, 1, 1, tzinfo=UTC))
MADE_AT = datetime(2026, 2, 1, 12, tzinfo=UTC)
TEMPLATES = "golden-path-service"
MAIN = "refs/heads/main"

_QUESTIONS = """_subdirectory: template
name: {type: str}
owner: {type: str}
port: {type: int, default: 8080}
"""
_PATH = """apiVersion: fairway.dev/v1
kind: GoldenPath
metadata: {name: service}
spec: {owner: group:platform, lifecycle: production, type: service}
"""
_SCORE = """apiVersion: score.dev/v1b1
metadata: {name: "{{ name }}"}
containers: {main: {image: ., command: [python, server.py]}}
"""
_SERVER = """# {{ name }}
import os

PORT = int(os.environ.get("PORT", "{{ port }}"))


def main() -> None:
    print("{{ name }} listens on", PORT)


main()
"""
V1: Mapping[str, str] = {
    "copier.yml": _QUESTIONS,
    "golden-path.yaml": _PATH,
    "template/score.yaml.jinja": _SCORE,
    "template/server.py.jinja": _SERVER,
    "template/README.md.jinja": "# {{ name }}\n\nMade by {{ owner }}.\n\nRun it.\n\nStop it.\n",
    "template/util.py": "".join(f"VALUE_{number} = {number}\n" for number in range(12)),
    "template/old.txt": "old\n",
}
V2: Mapping[str, str] = {
    **{
        path: text
        for path, text in V1.items()
        if path not in ("template/util.py", "template/old.txt")
    },
    "copier.yml": _QUESTIONS + "region: {type: str, default: north}\n",
    "template/README.md.jinja": V1["template/README.md.jinja"].replace("Run", "Start"),
    "template/values.py": V1["template/util.py"].replace("VALUE_11 = 11", "VALUE_11 = 121"),
    "template/region.txt.jinja": "{{ region }}\n",
}
Edit = Callable[[dict[str, TreeFile]], None]


def make_tree(files: Mapping[str, str]) -> Tree:
    return {path: TreeFile(text.encode()) for path, text in files.items()}


@dataclass
class World:
    """A platform in `home`, as wiring makes it."""

    home: Path
    platform: Platform

    def publish(self, version: str, files: Mapping[str, str]) -> str:
        """Publish a version of the path `service` and return its commit."""
        control = self.platform.source_control
        control.create(TEMPLATES, default_branch="main")
        head = control.list_refs(TEMPLATES).get(MAIN, "")
        commit = self.write(TEMPLATES, make_tree(files), parents=(head,) if head else ())
        control.move_ref(TEMPLATES, MAIN, to=commit, expected=head)
        control.move_ref(TEMPLATES, f"refs/tags/{version}", to=commit, expected="")
        publish_path.publish_path(self.platform, ADMIN, repository=TEMPLATES, tag=version)
        return commit

    def write(self, repository: str, tree: Tree, *, parents: tuple[str, ...]) -> str:
        control = self.platform.source_control
        return control.write_commit(
            repository,
            tree=control.write_tree(repository, tree),
            parents=parents,
            message="Change\n",
            signature=ANA,
        )

    def make_services(self, *names: str, version: str = "v1") -> None:
        """Make services from a version, all rendered by one process."""
        with self.platform.store.read() as tx:
            chosen = scaffold_component.find_version(tx, "service", version)
        given = [{"name": name, "owner": "group:shop"} for name in names]
        rendered = scaffold_component.render_version(self.platform, chosen, list(given))
        for name, item in zip(names, rendered, strict=True):
            self.platform.source_control.create(name, default_branch="main")
            commit = self.write(name, item.tree, parents=())
            self.platform.source_control.move_ref(name, MAIN, to=commit, expected="")
            with self.platform.store.write() as tx:
                tx.repositories.put(
                    Repository(
                        name=name,
                        owner="group:shop",
                        component=name,
                        created_at=MADE_AT,
                        created_by="ana",
                    )
                )
                tx.golden_paths.put_link(
                    PathLink(
                        component=name,
                        repository=name,
                        path="service",
                        version=version,
                        answers=item.answers,
                        files=make_file_digests(item.tree),
                        updated_at=MADE_AT,
                    )
                )

    def edit(self, name: str, edit: Edit, *, branch: str = "main") -> str:
        """Commit a user's change to a branch and return the commit."""
        control, ref = self.platform.source_control, f"refs/heads/{branch}"
        head = control.list_refs(name)[ref]
        files = dict(control.read_tree(name, head))
        edit(files)
        commit = self.write(name, files, parents=(head,))
        control.move_ref(name, ref, to=commit, expected=head)
        return commit

    def read(self, name: str, ref: str = MAIN) -> dict[str, str]:
        tree = self.platform.source_control.read_tree(name, ref)
        return {path: file.content.decode() for path, file in tree.items()}

    def get_heads(self, name: str) -> dict[str, str]:
        refs = self.platform.source_control.list_refs(name)
        return {ref.removeprefix("refs/heads/"): commit for ref, commit in refs.items()}

    def get_link(self, name: str) -> PathLink:
        with self.platform.store.read() as tx:
            link = tx.golden_paths.find_link(name)
        assert link is not None
        return link

    def get_offer(self, name: str) -> UpgradeOffer:
        with self.platform.store.read() as tx:
            offer = tx.golden_paths.find_offer(name)
        assert offer is not None
        return offer

    def get_run(self, run: RunId) -> Run:
        with self.platform.store.read() as tx:
            found = tx.runs.find(run)
        assert found is not None
        return found

    def expire_leases(self) -> None:
        """End the leases of workers that are dead."""
        self.platform.store.queue.expire_leases()  # type: ignore[attr-defined]  # the SQL store's own

    def carry(self, run: Run, *, seconds: float = 120) -> Run:
        """Carry a run to its end."""
        platform = self.platform
        engine = Engine(
            platform.store, platform.clock, platform.signals, executors.make_executors(platform)
        )
        queue = platform.store.queue  # type: ignore[attr-defined]  # the SQL store's own
        pool = WorkerPool(queue, platform.clock, [LaneController(engine)], owner="test")
        pool.start()
        try:
            wait_until(lambda: self.get_run(run.id).is_terminal, seconds=seconds)
        finally:
            pool.stop()
            engine.close()
        return self.get_run(run.id)


def open_world(home: Path) -> Iterator[World]:
    """Yield a world in a folder; it may have been there before."""
    home.mkdir(exist_ok=True)
    settings = Settings(
        home=home,
        database_url=f"sqlite:///{home}/fairway.db",
        url="http://127.0.0.1:1",
        cache=home / "cache",
    )
    store = open_store(settings.database_url, SystemClock())
    try:
        yield World(home, make_platform(settings, store, base_url=settings.url))
    finally:
        store.close()


def add_groups(world: World) -> None:
    """Add the groups that own the path and its services."""
    for name in ("platform", "shop"):
        entity = Entity(
            {
                "apiVersion": "backstage.io/v1alpha1",
                "kind": "Group",
                "metadata": {"name": name},
                "spec": {"type": "team", "children": []},
            }
        )
        apply_entities.apply_entities(world.platform, ADMIN, [entity], location="test")


@pytest.fixture(scope="session")
def first_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with version v1 of the path, made once."""
    home = tmp_path_factory.mktemp("worlds") / "first"
    for made in open_world(home):
        add_groups(made)
        made.publish("v1", V1)
    return home


@pytest.fixture(scope="session")
def orders_home(first_home: Path) -> Path:
    """Return a home with a service at v1 that its user edited, and v2 of its path."""
    home = first_home.with_name("orders")
    shutil.copytree(first_home, home)
    for made in open_world(home):
        made.make_services("orders")
        made.edit("orders", replace("util.py", "VALUE_3 = 3", "VALUE_3 = 33  # ours"))
        made.publish("v2", V2)
    return home


@pytest.fixture
def orders(orders_home: Path, tmp_path: Path) -> Iterator[World]:
    """Return a world of its own with the service `orders`."""
    home = tmp_path / "home"
    shutil.copytree(orders_home, home)
    yield from open_world(home)


def replace(path: str, old: str, new: str) -> Edit:
    """Change a file's text."""

    def edit(files: dict[str, TreeFile]) -> None:
        content = files[path].content
        assert old.encode() in content
        files[path] = dataclasses.replace(
            files[path], content=content.replace(old.encode(), new.encode())
        )

    return edit


def with_time(platform: Platform, run: Run, at: datetime) -> None:
    """Have a run begun at a moment, so that two runs make the same commits."""
    with platform.store.write() as tx:
        tx.runs.put(dataclasses.replace(run, created_at=at))
