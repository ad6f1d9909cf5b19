"""Acting on one resource of a component: rotating its credentials, backing up its data.

Belongs here: starting the run. Never here: the act itself (`steps/resource_step.py`).
"""

from typing import Literal

from fairway.core.graph import node as nodes
from fairway.core.graph.live import NodeId
from fairway.core.release.release import Release
from fairway.core.run.run import Run
from fairway.kits.errors import Refused
from fairway.ports.store.store import Transaction
from fairway.runtime.step import StepSpec
from fairway.usecases.delivery import add_run, planning, start_run
from fairway.usecases.delivery.steps import kinds
from fairway.usecases.platform import Actor, Platform


def rotate_resource(
    platform: Platform, actor: Actor, *, component: str, environment: str, resource: str
) -> Run:
    """Give a component's resource new credentials and bring them to it; return the run.

    Other components that share the resource are planned again by runs of their own.

    Raises:
        Refused: ENV-UNKNOWN, NOTHING-DEPLOYED, RESOURCE-UNKNOWN.
    """
    return _start(
        platform, actor, "rotate", component=component, environment=environment, resource=resource
    )


def backup_resource(
    platform: Platform, actor: Actor, *, component: str, environment: str, resource: str
) -> Run:
    """Copy a resource's data into a file that the run's output names; return the run.

    Raises:
        Refused: ENV-UNKNOWN, NOTHING-DEPLOYED, RESOURCE-UNKNOWN.
    """
    return _start(
        platform, actor, "backup", component=component, environment=environment, resource=resource
    )


def _start(
    platform: Platform,
    actor: Actor,
    kind: Literal["rotate", "backup"],
    *,
    component: str,
    environment: str,
    resource: str,
) -> Run:
    with platform.store.write() as tx:
        planning.get_environment(tx, environment)
        release = planning.get_environment_release(tx, environment, component)
        node = _get_node(release, resource)
        act = StepSpec(label=kind, kind=kind, name=resource, input={"node": node})
        plan = start_run.make_plan_step(needs=(kind,))
        return add_run.add_run(
            platform,
            tx,
            actor,
            kind=kind,
            environment=environment,
            data={"component": component, "release": release.number, "resource": resource},
            steps=(act, plan) if kind == kinds.ROTATE else (act,),
        )


def refresh_deployment(
    platform: Platform, tx: Transaction, actor: Actor, *, component: str, environment: str
) -> None:
    """Plan again, by a run of its own, what serves: it gets the values that have changed."""
    deployment = tx.deployments.find(environment, component)
    if deployment is not None and deployment.release is not None:
        add_run.add_run(
            platform,
            tx,
            actor,
            kind="refresh",
            environment=environment,
            data={"component": component, "release": deployment.release},
            steps=(start_run.make_plan_step(),),
        )


def _get_node(release: Release, resource: str) -> NodeId:
    request = release.workload.resources.get(resource)
    if request is None:
        known = ", ".join(f"'{name}'" for name in release.workload.resources) or "none"
        raise Refused(
            "RESOURCE-UNKNOWN",
            what=f"cannot find resource '{resource}' of '{release.component}'",
            why=f"its release {release.number} asks for no such resource; it asks for {known}",
            fix="use one of these",
            status=404,
        )
    owner = f"{release.workload.name}.{resource}"
    return nodes.make_resource_node_id(request.type, request.class_, request.id or owner)
