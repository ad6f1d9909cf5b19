"""The step that gives a resource new credentials.

Belongs here: asking the driver, and sealing what it returns. The plan that follows in the same
run brings the new values to the workloads that use them.
"""

import dataclasses

from fairway.core.audit.event import AuditEvent
from fairway.core.graph.live import NodeId
from fairway.kits.errors import Refused
from fairway.ports.provisioner import Rotating
from fairway.ports.store.store import Transaction
from fairway.runtime.step import Done, Executor, StepContext, StepResult
from fairway.usecases.delivery import node_spec, rotate_resource
from fairway.usecases.delivery.steps import node_step
from fairway.usecases.platform import Actor, Platform


@dataclasses.dataclass(frozen=True, slots=True)
class RotateExecutor(Executor):
    """Rotates the credentials of one resource."""

    platform: Platform

    def execute(self, context: StepContext) -> StepResult:
        environment = str(context.run.input["environment"])
        node_id = NodeId(str(context.step.input["node"]))
        with self.platform.store.read() as tx:
            live = tx.nodes.find(environment, node_id)
        if live is None:
            raise _refuse(node_id, "it does not exist any more")
        driver = node_step.get_provisioner(self.platform, live.driver)
        if not isinstance(driver, Rotating):
            raise _refuse(node_id, f"driver '{live.driver}' has no credentials to rotate")
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
                    subject=f"node/{environment}/{node_id}",
                    actor=context.run.actor,
                    at=self.platform.clock.now(),
                    data={"run": context.run.id},
                )
            )
            for other in sorted(live.consumers - {str(context.run.input["component"])}):
                rotate_resource.refresh_deployment(
                    self.platform,
                    tx,
                    Actor(name=context.run.actor),
                    component=other,
                    environment=environment,
                )

        return Done(commit=commit, text="; ".join(said))


def _refuse(node: NodeId, why: str) -> Refused:
    return Refused(
        "ROTATE-IMPOSSIBLE",
        what=f"cannot rotate the credentials of '{node}'",
        why=why,
        fix="see the resources and their drivers with: fairway explain",
        status=409,
    )
