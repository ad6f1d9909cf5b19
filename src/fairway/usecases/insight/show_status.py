"""The status of a component: what runs where, at which release.

Belongs here: joining deployments, releases, targets and routes. Start at `show_component`.
"""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from fairway.core.release.release import Release
from fairway.core.run.run import Run
from fairway.core.source.repository import CommitStatus, Push
from fairway.kits import toposort
from fairway.kits.errors import Problem, Refused
from fairway.ports.store.deployments import Deployment
from fairway.ports.store.store import Transaction
from fairway.ports.target import WorkloadStatus
from fairway.usecases.delivery import add_run, planning
from fairway.usecases.delivery.steps import node_step
from fairway.usecases.platform import Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentStatus:
    """A component in one environment; `release` is None where nothing of it serves.

    `problem` says why the target could not be asked. `run` is the one under way, if any.
    """

    environment: str
    release: Release | None
    workload: WorkloadStatus | None
    urls: tuple[str, ...] = ()
    behind: str = ""
    problem: str = ""
    run: Run | None = None
    author: str = ""
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentStatus:
    """A component everywhere, environments in the order of promotion.

    `path` is the golden path that it was made from, such as `python-service v1`, or empty. `push`
    is the newest one to the default branch of its repository, `statuses` are what is said of it.
    """

    component: str
    owner: str
    system: str
    path: str
    push: Push | None = None
    statuses: tuple[CommitStatus, ...] = ()
    environments: tuple[EnvironmentStatus, ...]


def list_components(platform: Platform) -> tuple[ComponentStatus, ...]:
    """Return the status of every component that was deployed or released, by name."""
    with platform.store.read() as tx:
        names = sorted({deployment.component for deployment in tx.deployments.list_all()})
    return tuple(show_component(platform, name) for name in names)


def show_component(platform: Platform, component: str) -> ComponentStatus:
    """Return the status of one component.

    Raises:
        Refused: COMPONENT-UNKNOWN.
    """
    with platform.store.read() as tx:
        stored = tx.entities.find(f"component:default/{component}")
        link = tx.golden_paths.find_link(component)
        push, statuses = _find_push(tx, component)
        releases = tx.releases.list_by_component(component, limit=200)
        order = list_promotion_order(tx)
        known = {item.environment: item for item in tx.deployments.list_all(component=component)}
        runs = {name: _find_run(tx, name, component) for name in order}
        urls = {name: _list_urls(tx, name, component) for name in order}
    if stored is None and not releases and not any(runs.values()):
        raise Refused(
            "COMPONENT-UNKNOWN",
            what=f"cannot show '{component}'",
            why="no component of this name was ever released",
            fix=f"deploy it: fairway deploy DIR --env {order[0] if order else 'dev'}",
            status=404,
        )
    numbers = {release.number: release for release in releases}
    environments = tuple(
        _show_environment(
            platform, name, known.get(name), releases=numbers, urls=urls[name], run=runs[name]
        )
        for name in order
    )
    spec = stored.entity.spec if stored else {}
    return ComponentStatus(
        component=component,
        owner=str(spec.get("owner", "")),
        system=planning.find_system(stored.entity if stored else None),
        path=f"{link.path} {link.version}" if link else "",
        push=push,
        statuses=statuses,
        environments=_tell_behind(environments, releases),
    )


def list_promotion_order(tx: Transaction) -> tuple[str, ...]:
    """Return the environments' names, each after those that it promotes from."""
    environments = planning.read_definitions(tx).environments
    needs = {
        name: [source for source in item.promotes_from if source in environments]
        for name, item in environments.items()
    }
    return tuple(name for wave in toposort.make_waves(needs) for name in wave)


def _find_push(tx: Transaction, component: str) -> tuple[Push | None, tuple[CommitStatus, ...]]:
    repository = tx.repositories.find_by_component(component)
    if repository is None:
        return None, ()
    push = tx.repositories.find_last_push(repository.name, repository.default_branch)
    if push is None or not push.after:
        return None, ()
    return push, tx.repositories.list_statuses(repository.name, push.after)


def _find_run(tx: Transaction, environment: str, component: str) -> Run | None:
    return tx.runs.find_lane_head(add_run.make_lane(environment, component))


def _list_urls(tx: Transaction, environment: str, component: str) -> tuple[str, ...]:
    nodes = tx.nodes.list_all(environment=environment, consumer=component)
    return tuple(
        str(node.outputs["url"]) for node in nodes if node.type == "route" and "url" in node.outputs
    )


def _show_environment(
    platform: Platform,
    name: str,
    deployment: Deployment | None,
    *,
    releases: dict[int, Release],
    urls: tuple[str, ...],
    run: Run | None,
) -> EnvironmentStatus:
    if deployment is None or deployment.release is None:
        return EnvironmentStatus(environment=name, release=None, workload=None, run=run)
    workload, problem = _observe(platform, deployment)
    return EnvironmentStatus(
        environment=name,
        release=releases.get(deployment.release),
        workload=workload,
        urls=urls,
        problem=problem,
        run=run,
        author=deployment.author,
        updated_at=deployment.updated_at,
    )


def _observe(platform: Platform, deployment: Deployment) -> tuple[WorkloadStatus | None, str]:
    with platform.store.read() as tx:
        environment = planning.read_definitions(tx).environments.get(deployment.environment)
    if environment is None:
        return None, "its environment is not defined any more"
    try:
        target = node_step.get_target(platform, environment.target)
        return target.observe(deployment.environment, deployment.component), ""
    except Problem as problem:
        return None, str(problem)


def _tell_behind(
    environments: Iterable[EnvironmentStatus], releases: tuple[Release, ...]
) -> tuple[EnvironmentStatus, ...]:
    """Return the statuses with how far each lags behind the environment before it."""
    told: list[EnvironmentStatus] = []
    for status in environments:
        before = next((item for item in reversed(told) if item.release), None)
        behind = ""
        if before is not None and before.release and status.release:
            lag = _count_releases(releases, status.release.number, before.release.number)
            if lag:
                noun = "release" if lag == 1 else "releases"
                behind = f"{lag} {noun} behind {before.environment}"
        told.append(dataclasses.replace(status, behind=behind))
    return tuple(told)


def _count_releases(releases: tuple[Release, ...], older: int, newer: int) -> int:
    return sum(1 for release in releases if older < release.number <= newer)
