"""Planning on request: what would change, stored so that it can be approved and applied.

Belongs here: `fairway plan`. Never here: carrying it out.
"""

from fairway.core.plan.plan import Plan
from fairway.core.release.release import Release
from fairway.usecases.delivery import planning
from fairway.usecases.delivery.planning import PlanRequest
from fairway.usecases.delivery.steps import plan_step
from fairway.usecases.platform import Actor, Platform


def plan_component(
    platform: Platform,
    actor: Actor,
    *,
    component: str,
    environment: str,
    release: int | None = None,
    is_removal: bool = False,
) -> Plan:
    """Return and store the plan for `release` (by default the component's newest).

    With `is_removal`, the plan removes the component from the environment.

    Raises:
        Refused: ENV-UNKNOWN, RELEASE-UNKNOWN, or what the graph refuses.
    """
    with platform.store.read() as tx:
        planning.get_environment(tx, environment)
        wanted = None if is_removal else _get_release(platform, component, release)
    request = PlanRequest(environment=environment, component=component, release=wanted)
    plan = planning.make_deployment_plan(platform, request).plan
    with platform.store.write() as tx:
        plan_step.store_plan(platform, tx, plan, author=actor.name)
    return plan


def _get_release(platform: Platform, component: str, number: int | None) -> Release:
    with platform.store.read() as tx:
        if number is None:
            found = next(iter(tx.releases.list_by_component(component, limit=1)), None)
        else:
            found = tx.releases.find(component, number)
    if found is None:
        raise plan_step.make_release_refusal(component, number)
    return found
