"""Runs that upgrade one component, or all that were made from a golden path.

Belongs here: checking what is asked, and the steps of the run. Never here: what a step does
(`steps/upgrade_step.py`). Start at `start_upgrade` and `start_fleet_upgrade`.
"""

from collections.abc import Iterator, Sequence

from fairway.core.audit.event import AuditEvent
from fairway.core.golden_path import upgrade as upgrades
from fairway.core.run.run import Run, RunId
from fairway.kits.canonical import JsonObject
from fairway.kits.errors import Refused
from fairway.ports.store.store import Transaction
from fairway.runtime import journal
from fairway.runtime.engine import LANE
from fairway.runtime.step import StepSpec
from fairway.usecases.access import rights
from fairway.usecases.delivery import add_run
from fairway.usecases.golden_path import list_paths, upgrade_component
from fairway.usecases.golden_path.steps import upgrade_step
from fairway.usecases.golden_path.upgrade_component import UpgradeRequest
from fairway.usecases.platform import Actor, Platform

KIND = "upgrade"
# So many components are rendered by one process, and so many are merged and built at once.
_BATCH = 25
_PARALLEL = 3


def start_upgrade(platform: Platform, actor: Actor, request: UpgradeRequest) -> Run:
    """Bring one component to a version of its path, on a branch; return the run.

    Raises:
        Refused: as `upgrade_component.find_upgrade`, ACCESS-DENIED.
    """
    with platform.store.read() as tx:
        found = upgrade_component.find_upgrade(platform, tx, request)
    upgrade_component.check_rights(actor, found)
    data: JsonObject = {
        "component": request.component,
        "path": found.link.path,
        "to": found.new.version,
        "answers": request.answers,
        "isDowngrade": request.is_downgrade,
    }
    lane = f"{KIND}/{found.link.path}/{request.component}"
    with platform.store.write() as tx:
        return _add_run(platform, tx, actor, lane=lane, data=data, components=[request.component])


def start_fleet_upgrade(platform: Platform, actor: Actor, *, path: str, to: str = "") -> Run:
    """Bring every component of a path to a version, each on a branch of its own; return the run.

    A component that is newer stays as it is, and the failure of one stops no other.

    Raises:
        Refused: PATH-UNKNOWN, PATH-VERSION-UNKNOWN, PATH-SERVICES-NONE, ACCESS-DENIED.
    """
    with platform.store.write() as tx:
        known = list_paths.get_path(tx, path)
        owner = str(known.entity.spec.get("owner", ""))
        rights.check_owner(actor, owner, what=f"upgrade the services of golden path '{path}'")
        links = tx.golden_paths.list_links(path=path)
        if not links:
            raise Refused(
                "PATH-SERVICES-NONE",
                what=f"cannot upgrade the services of golden path '{path}'",
                why="none was made from it",
                fix=f"make one: fairway new {path} NAME --owner GROUP",
                status=404,
            )
        version = upgrades.choose_version(links[0], known.versions, to=to, is_downgrade=True)
        components = [
            link.component for link in links if not upgrades.is_older(version.version, link.version)
        ]
        data: JsonObject = {"path": path, "to": version.version}
        return _add_run(
            platform, tx, actor, lane=f"{KIND}/{path}", data=data, components=components
        )


def _add_run(
    platform: Platform,
    tx: Transaction,
    actor: Actor,
    *,
    lane: str,
    data: JsonObject,
    components: Sequence[str],
) -> Run:
    if actor.request is not None:
        known = tx.runs.find_by_request(actor.request)
        if known is not None:
            return known
    now = platform.clock.now()
    run = tx.runs.add(
        Run(
            id=RunId(0),
            kind=KIND,
            subject=lane,
            lane=lane,
            actor=actor.name,
            input=data,
            deadline=now + add_run.DEADLINE,
            created_at=now,
            request=actor.request,
        ),
        journal.make_steps(make_steps(components)),
    )
    tx.audit.append(
        AuditEvent(
            type="run.created",
            subject=f"run/{run.id}",
            actor=actor.name,
            at=now,
            data={"kind": KIND, **data},
        )
    )
    tx.queue.mark(LANE, lane)
    return run


def make_steps(components: Sequence[str]) -> Iterator[StepSpec]:
    """Yield the steps: components in batches that are rendered, then each on its own.

    A component begins when its batch is rendered and one before it has ended, in whatever way:
    so no more than a few are worked on at once, and none waits for another's success.
    """
    batches = [components[start : start + _BATCH] for start in range(0, len(components), _BATCH)]
    ended: list[str] = []
    for number, batch in enumerate(batches):
        render = f"render {number + 1}"
        yield StepSpec(
            label=render,
            kind=upgrade_step.RENDER,
            name=f"{len(batch)} components" if len(batch) > 1 else batch[0],
            input={"components": list(batch)},
            needs=(f"render {number}",) if number else (),
            is_always_run=number > 0,
        )
        for component in batch:
            yield StepSpec(
                label=component,
                kind=upgrade_step.UPGRADE,
                name=component,
                input={"component": component},
                needs=(render, *ended[-_PARALLEL:][:1]) if len(ended) >= _PARALLEL else (render,),
                is_always_run=True,
            )
            ended.append(component)
    yield StepSpec(
        label="report of all",
        kind=upgrade_step.REPORT,
        name="report",
        needs=tuple(ended),
        is_always_run=True,
        is_protected=True,
    )
