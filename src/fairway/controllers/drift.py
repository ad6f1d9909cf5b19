"""The loop over deployments: seeing what drifted, and repairing it where that is wanted.

Belongs here: asking drivers about nodes that no step works on, and recording what they say.
"""

import dataclasses
import logging
from datetime import datetime, timedelta

from fairway.core.audit.event import AuditEvent
from fairway.core.graph.live import LiveNode, NodeState
from fairway.kits.errors import Problem
from fairway.ports.provisioner import Observation
from fairway.ports.store.work_queue import Lease
from fairway.runtime.worker import Controller
from fairway.usecases.delivery import add_run, node_spec, planning, start_run
from fairway.usecases.delivery.steps import kinds, node_step
from fairway.usecases.platform import Actor, Platform

LOOK_AGAIN = timedelta(minutes=1)
_LOG = logging.getLogger(__name__)
_PLATFORM = Actor(name="fairway", is_admin=True)


class DriftController(Controller):
    """Observes the nodes of `<environment>/<component>`.

    What is gone or was changed outside is recorded and told once; where the environment says
    `drift: repair`, a run brings it back.
    """

    kind = kinds.DEPLOYMENT
    concurrency = 2

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def reconcile(self, lease: Lease) -> datetime | None:
        environment, _, component = lease.key.partition("/")
        with self._platform.store.read() as tx:
            deployment = tx.deployments.find(environment, component)
            nodes = tx.nodes.list_all(environment=environment, consumer=component)
            found = planning.read_definitions(tx).environments.get(environment)
            lane = add_run.make_lane(environment, component)
            is_busy = tx.runs.find_lane_head(lane) is not None
        if deployment is None or found is None:
            return None
        if not is_busy:
            drifted = [node for node in nodes if self._observe(node)]
            if drifted and found.drift == "repair" and deployment.release is not None:
                start_run.deploy_release(
                    self._platform,
                    _PLATFORM,
                    component=component,
                    environment=environment,
                    release=deployment.release,
                    kind="repair",
                )
        return self._platform.clock.now() + LOOK_AGAIN

    def _observe(self, node: LiveNode) -> bool:
        """Record what is seen of the node; return whether it is not as it was made."""
        if node.holder or node.state == "unknown":
            return False
        try:
            seen = self._ask(node)
        except Problem as problem:
            _LOG.info("cannot observe %s in %s: %s", node.id, node.environment, problem)
            return False
        if seen.state != node.state:
            self._record(node, seen.state, differences=sorted(map(str, seen.differences.values())))
        return seen.state != "present"

    def _ask(self, node: LiveNode) -> Observation:
        if node.kind == "resource":
            driver = node_step.get_provisioner(self._platform, node.driver)
            return driver.observe(node_spec.make_live_spec(self._platform, node, key=""))
        target = node_step.get_target(self._platform, node.provisioner)
        status = target.observe(node.environment, node.component)
        return Observation(state="missing" if status.phase == "absent" else "present")

    def _record(self, node: LiveNode, state: NodeState, *, differences: list[str]) -> None:
        with self._platform.store.write() as tx:
            current = tx.nodes.find(node.environment, node.id)
            if current is None or current.revision != node.revision:
                return
            tx.nodes.put(dataclasses.replace(current, state=state))
            tx.audit.append(
                AuditEvent(
                    type="node.recovered" if state == "present" else f"node.{state}",
                    subject=f"node/{node.environment}/{node.id}",
                    actor=_PLATFORM.name,
                    at=self._platform.clock.now(),
                    data={"differences": differences},
                )
            )
