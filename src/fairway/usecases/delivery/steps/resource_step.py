"""The steps that act on one resource without changing what is wanted: rotate, back up.

Belongs here: asking the driver for what only some drivers can do, and recording it. After a
rotation, the plan that follows in the same run brings the new values to the workload.
"""

import dataclasses

from fairway.core.audit.event import AuditEvent
from fairway.core.graph.live import LiveNode, NodeId
from fairway.kits.errors import Refused
from fairway.ports.provisioner import BackingUp, Rotating
from fairway.ports.store.store import Transaction
from fairway.runtime.step import Done, Executor, StepContext, StepResult
from fairway.usecases.delivery import act_on_resource, node_spec
from fairway.usecases.delivery.steps import node_step
from fairway.usecases.platform import Actor, Platform


@dataclasses.dataclass(frozen=True, slots=True)
class RotateExecutor(Executor):
    """Rotates the credentials of one resource."""

    platform: Platform

    def execute(self, context: StepContext) -> StepResult:
        environment = str(context.run.input["environment"])
        live = _get_live(self.platform, context)
        driver = node_step.get_provisioner(self.platform, live.driver)
        if not isinstance(driver, Rotating):
            raise _refuse(live, "has no credentials to rotate")
        said: list[str] = []
        spec = node_spec.make_live_spec(self.platform, live, key=context.step.key)
        outputs = driver.rotate(spec, said.append)
        plain, sealed = node_spec.seal_outputs(
            self.platform, outputs, live=live, secret=live.secrets
        )

        def commit(tx: Transaction) -> None:
            tx.nodes.put(dataclasses.replace(live, outputs=plain, secrets=sealed))
            tx.audit.append(
                AuditEvent(
                    type="resource.rotated",
                    subject=f"node/{environment}/{live.id}",
                    actor=context.run.actor,
                    at=self.platform.clock.now(),
                    data={"run": context.run.id},
                )
            )
            for other in sorted(live.consumers - {str(context.run.input["component"])}):
                act_on_resource.refresh_deployment(
                    self.platform,
                    tx,
                    Actor(name=context.run.actor),
                    component=other,
                    environment=environment,
                )

        return Done(commit=commit, text="; ".join(said))


@dataclasses.dataclass(frozen=True, slots=True)
class BackupExecutor(Executor):
    """Writes a copy of one resource's data below the platform's folder for backups."""

    platform: Platform

    def execute(self, context: StepContext) -> StepResult:
        live = _get_live(self.platform, context)
        driver = node_step.get_provisioner(self.platform, live.driver)
        if not isinstance(driver, BackingUp):
            raise _refuse(live, "cannot back up what it provisions")
        spec = node_spec.make_live_spec(self.platform, live, key=context.step.key)
        path = driver.backup(spec, self.platform.backups / live.environment)

        def commit(tx: Transaction) -> None:
            tx.audit.append(
                AuditEvent(
                    type="resource.backed-up",
                    subject=f"node/{live.environment}/{live.id}",
                    actor=context.run.actor,
                    at=self.platform.clock.now(),
                    data={"run": context.run.id, "file": str(path)},
                )
            )

        return Done(commit=commit, result={"file": str(path)}, text=str(path))


def _get_live(platform: Platform, context: StepContext) -> LiveNode:
    environment = str(context.run.input["environment"])
    node = NodeId(str(context.step.input["node"]))
    with platform.store.read() as tx:
        live = tx.nodes.find(environment, node)
    if live is None:
        raise Refused(
            "RESOURCE-UNKNOWN",
            what=f"cannot find resource '{node}' in '{environment}'",
            why="it was never made there, or it is gone",
            fix="deploy a component that asks for it",
            status=404,
        )
    return live


def _refuse(live: LiveNode, why: str) -> Refused:
    return Refused(
        "DRIVER-CANNOT",
        what=f"cannot do this with resource '{live.id}'",
        why=f"its driver '{live.driver}' {why}",
        fix="see which provisioner made it with: fairway explain COMPONENT.ENV.resources.NAME",
        status=409,
    )
