"""Upgrades of services from one golden path, beside `copier update` of the same services.

A hundred services are upgraded by one run: rendered in batches, merged, committed, built, offered.
The peer is Copier's own command, once per service in a work tree of its own; it renders and
merges, and builds nothing. What the platform does of that is shown on a line of its own.
"""

import os
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import copier

from benchmarks import measure
from fairway.core.source.tree import Tree
from fairway.kits.errors import Refused
from fairway.usecases.golden_path import offer_branch, upgrade_component, upgrade_fleet
from fairway.usecases.golden_path.upgrade_component import Upgrade, UpgradeRequest
from tests.integration.upgrade import copier_run
from tests.integration.upgrade.conftest import (
    ADMIN,
    V1,
    V2,
    World,
    add_groups,
    make_tree,
    open_world,
    replace,
)

SERVICES = 100
COPIER_SERVICES = 5


@contextmanager
def count_cost(costs: dict[str, measure.Cost], name: str, *, services: int) -> Iterator[None]:
    """Add the cost of the block per service; ended children count as its own."""
    began, used = time.perf_counter(), read_cpu()
    yield
    costs[name] = measure.Cost(
        wall_seconds=(time.perf_counter() - began) / services,
        cpu_seconds=(read_cpu() - used) / services,
    )


def read_cpu() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def prepare(world: World, count: int) -> list[str]:
    """Make services whose people have edited a file that version 2 renames."""
    add_groups(world)
    world.publish("v1", V1)
    names = [f"service-{number:03}" for number in range(count)]
    world.make_services(*names)
    for name in names:
        world.edit(name, replace("util.py", "VALUE_3 = 3", f"VALUE_3 = 33  # {name}"))
    world.publish("v2", V2)
    return names


def merge_all(world: World, names: list[str]) -> None:
    """Render, merge and commit, as the steps of a run do."""
    found: list[Upgrade] = []
    with world.platform.store.read() as tx:
        for name in names:
            request = UpgradeRequest(component=name)
            found.append(upgrade_component.find_upgrade(world.platform, tx, request))
    rendered = upgrade_component.render_upgrades(world.platform, found)
    for item, rendering in zip(found, rendered, strict=True):
        assert not isinstance(rendering, Refused)
        merged = upgrade_component.merge_upgrade(world.platform, item, rendering)
        at = world.platform.clock.now()
        offer_branch.write_commit(world.platform, item, merged, at=at)


def update_by_copier(folder: Path) -> measure.Cost:
    """Return the median cost of `copier update` of a service as above."""
    template = folder / "template"
    for version, files in (("v1", V1), ("v2", V2)):
        tree: Tree = make_tree({**files, copier_run.ANSWERS: "{{ _copier_answers|to_nice_yaml }}"})
        copier_run.write_tree(template, tree, kept=(".git",))
        copier_run.commit(template, version)
        copier_run.tag(template, version)
    return measure.make_median(
        [update_one(folder / f"service-{number}", template) for number in range(COPIER_SERVICES)]
    )


def update_one(project: Path, template: Path) -> measure.Cost:
    data = {"name": project.name, "owner": "group:shop"}
    copier.run_copy(str(template), project, data=data, vcs_ref="v1", defaults=True, quiet=True)
    util = project / "util.py"
    util.write_text(util.read_text().replace("VALUE_3 = 3\n", "VALUE_3 = 33  # mine\n"))
    copier_run.commit(project, "mine")
    command: list[str | Path] = [
        copier_run.COMMAND,
        "update",
        "--defaults",
        "--quiet",
        "--vcs-ref",
        "v2",
        str(project),
    ]
    return measure.measure_command(command, environment=dict(os.environ))


def main() -> None:
    """Print what upgrading costs per service."""
    costs: dict[str, measure.Cost] = {}
    with tempfile.TemporaryDirectory() as folder:
        for world in open_world(Path(folder) / "home"):
            names = prepare(world, SERVICES)
            with count_cost(costs, "render, merge and commit", services=SERVICES):
                merge_all(world, names)
            with count_cost(costs, "the whole run, built and offered", services=SERVICES):
                run = upgrade_fleet.start_fleet_upgrade(world.platform, ADMIN, path="service")
                ended = world.carry(run, seconds=1200)
            assert ended.state == "succeeded", ended.failure
            with count_cost(costs, "render, merge and commit one alone", services=1):
                merge_all(world, names[:1])
        peer = update_by_copier(Path(folder))
    measure.show_title(f"Upgrading {SERVICES} services of one golden path, per service")
    for name, cost in costs.items():
        wall, cpu = cost.wall_seconds * 1000, cost.cpu_seconds * 1000
        measure.show(f"{name}: wall", wall, "ms", peer=("copier update", peer.wall_seconds * 1000))
        measure.show(f"{name}: CPU", cpu, "ms", peer=("copier update", peer.cpu_seconds * 1000))


if __name__ == "__main__":
    main()
