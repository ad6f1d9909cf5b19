"""Starting runs: deploy, build, apply a plan, promote, roll back, remove.

Belongs here: checking a request before anything happens, and its first steps. All of them are
one journey with another beginning. Start at `start_delivery`.
"""

from dataclasses import dataclass

from fairway.core.definition.definition import Environment
from fairway.core.release.release import Commit
from fairway.core.run.run import Run
from fairway.kits.canonical import JsonObject
from fairway.kits.digest import Digest
from fairway.kits.errors import Refused
from fairway.ports.store.store import Transaction
from fairway.runtime.step import StepSpec
from fairway.usecases.delivery import add_run, planning
from fairway.usecases.delivery.steps import kinds, plan_step
from fairway.usecases.platform import Actor, Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A source archive that was uploaded, and what its version control says of it."""

    digest: Digest
    commit: Commit
    is_tested: bool = True


def deploy_source(
    platform: Platform, actor: Actor, source: Source, *, component: str, environment: str
) -> Run:
    """Build, release and deploy an uploaded source; return the run.

    Raises:
        Refused: ENV-UNKNOWN, SOURCE-UNKNOWN, TESTS-REQUIRED.
    """
    with platform.store.write() as tx:
        found = planning.get_environment(tx, environment)
        _check_source(platform, source, found)
        return add_run.add_run(
            platform,
            tx,
            actor,
            kind="deploy",
            environment=environment,
            data={"component": component, **_describe_source(source)},
            steps=(*_BUILD_STEPS, make_plan_step(needs=("release",))),
        )


def release_source(platform: Platform, actor: Actor, source: Source, *, component: str) -> Run:
    """Build and release an uploaded source, deploying nothing; return the run.

    Raises:
        Refused: SOURCE-UNKNOWN.
    """
    with platform.store.write() as tx:
        _check_source(platform, source, None)
        return add_run.add_run(
            platform,
            tx,
            actor,
            kind="build",
            environment="",
            data={"component": component, **_describe_source(source)},
            steps=_BUILD_STEPS,
        )


def add_push_run(
    platform: Platform,
    tx: Transaction,
    actor: Actor,
    source: Source,
    *,
    component: str,
    environment: str,
    data: JsonObject,
) -> Run:
    """Journal within `tx` what a push starts: a build, and a deployment where there is one.

    `data` is added to the run's input. An environment that is unknown fails the run, not the push.
    """
    is_deployed = bool(environment)
    release = (*_BUILD_STEPS, make_plan_step(needs=("release",)))
    return add_run.add_run(
        platform,
        tx,
        actor,
        kind="push",
        environment=environment,
        data={"component": component, **_describe_source(source), **data},
        steps=release if is_deployed else _BUILD_STEPS[:1],
    )


def deploy_release(
    platform: Platform,
    actor: Actor,
    *,
    component: str,
    environment: str,
    release: int,
    kind: str = "deploy",
) -> Run:
    """Deploy a release that exists; return the run.

    Raises:
        Refused: ENV-UNKNOWN, RELEASE-UNKNOWN.
    """
    with platform.store.write() as tx:
        planning.get_environment(tx, environment)
        if tx.releases.find(component, release) is None:
            raise plan_step.make_release_refusal(component, release)
        return add_run.add_run(
            platform,
            tx,
            actor,
            kind=kind,
            environment=environment,
            data={"component": component, "release": release},
            steps=(make_plan_step(),),
        )


def promote_release(
    platform: Platform, actor: Actor, *, component: str, source: str, environment: str
) -> Run:
    """Deploy to `environment` what serves in environment `source`, the same artifact.

    Raises:
        Refused: ENV-UNKNOWN, NOTHING-DEPLOYED.
    """
    with platform.store.read() as tx:
        planning.get_environment(tx, source)
        release = planning.get_environment_release(tx, source, component)
    return deploy_release(
        platform,
        actor,
        component=component,
        environment=environment,
        release=release.number,
        kind="promote",
    )


def rollback_deployment(
    platform: Platform,
    actor: Actor,
    *,
    component: str,
    environment: str,
    release: int | None = None,
) -> Run:
    """Deploy an earlier release that was ready here: `release`, or the last other one.

    Raises:
        Refused: ENV-UNKNOWN, NOTHING-DEPLOYED, ROLLBACK-NONE.
    """
    with platform.store.read() as tx:
        planning.get_environment(tx, environment)
        current = planning.get_environment_release(tx, environment, component)
        earlier = [
            rollout.release
            for rollout in tx.deployments.list_rollouts(environment, component)
            if rollout.release != current.number
        ]
    if release is None and earlier:
        release = earlier[0]
    if release is None or release not in earlier:
        known = ", ".join(str(number) for number in dict.fromkeys(earlier)) or "none"
        raise Refused(
            "ROLLBACK-NONE",
            what=f"cannot roll '{component}' back in '{environment}'",
            why=f"release {release or 'before the present one'} was never ready there; "
            f"those that were: {known}",
            fix="choose one of them with --to, or deploy",
            status=409,
        )
    return deploy_release(
        platform,
        actor,
        component=component,
        environment=environment,
        release=release,
        kind="rollback",
    )


def apply_plan(platform: Platform, actor: Actor, *, plan: str) -> Run:
    """Carry out exactly the plan of that digest (or the start of it); return the run.

    Raises:
        Refused: PLAN-UNKNOWN, PLAN-AMBIGUOUS, PLAN-STALE naming what moved, PLAN-DENIED.
    """
    with platform.store.write() as tx:
        stored = plan_step.load_plan(tx, plan)
        if planning.list_moved(tx, stored):
            raise plan_step.make_stale_refusal(tx, stored)
        plan_step.check_plan(stored)
        return add_run.add_run(
            platform,
            tx,
            actor,
            kind="apply",
            environment=stored.environment,
            data={
                "component": stored.component,
                "release": stored.release,
                "plan": stored.digest,
            },
            steps=(make_plan_step(),),
        )


def remove_deployment(platform: Platform, actor: Actor, *, component: str, environment: str) -> Run:
    """Remove a component and what only it uses from an environment; return the run.

    Raises:
        Refused: ENV-UNKNOWN, NOTHING-DEPLOYED.
    """
    with platform.store.write() as tx:
        planning.get_environment(tx, environment)
        has_nodes = tx.nodes.list_all(environment=environment, consumer=component)
        if tx.deployments.find(environment, component) is None and not has_nodes:
            raise Refused(
                "NOTHING-DEPLOYED",
                what=f"cannot remove '{component}' from '{environment}'",
                why="nothing of it is there",
                fix=f"see where it is with: fairway status {component}",
                status=404,
            )
        return add_run.add_run(
            platform,
            tx,
            actor,
            kind="remove",
            environment=environment,
            data={"component": component, "release": None},
            steps=(make_plan_step(),),
        )


_BUILD_STEPS = (
    StepSpec(label="build", kind=kinds.BUILD, name="build"),
    StepSpec(label="release", kind=kinds.RELEASE, name="release", needs=("build",)),
)


def make_plan_step(*, needs: tuple[str, ...] = ()) -> StepSpec:
    """Return the step that plans; what it plans is added to the run when it is done."""
    return StepSpec(label="plan", kind=kinds.PLAN, name="plan", needs=needs)


def _check_source(platform: Platform, source: Source, environment: Environment | None) -> None:
    if not platform.blobs.has(source.digest):
        raise Refused(
            "SOURCE-UNKNOWN",
            what="cannot build the source",
            why=f"no source archive {source.digest} was uploaded",
            fix="upload it first: PUT /api/v1/sources/{digest}",
            status=404,
        )
    if environment is not None and environment.is_test_required and not source.is_tested:
        raise Refused(
            "TESTS-REQUIRED",
            what=f"cannot deploy to '{environment.name}' without tests",
            why="the environment demands tests",
            fix="deploy without --no-tests",
        )


def _describe_source(source: Source) -> JsonObject:
    return {
        "source": source.digest,
        "isTested": source.is_tested,
        "commit": {
            "id": source.commit.id,
            "subject": source.commit.subject,
            "isDirty": source.commit.is_dirty,
        },
    }
