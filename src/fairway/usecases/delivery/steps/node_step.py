"""The steps that change one node: apply and delete.

Belongs here: hold, call the driver, record what came back. Never here: waiting for readiness
(`gate_step.py`). Start at `ApplyExecutor`.
"""

import dataclasses
from abc import abstractmethod
from datetime import timedelta
from typing import cast

from fairway.core.audit.event import AuditEvent
from fairway.core.graph import expression
from fairway.core.graph.live import LiveNode
from fairway.core.plan.plan import Plan, PlanStep, Recipe
from fairway.kits import digest
from fairway.kits.canonical import JsonObject
from fairway.kits.errors import Refused
from fairway.ports.provisioner import Provisioner
from fairway.ports.store.store import Transaction
from fairway.ports.target import Target
from fairway.runtime.step import Done, Executor, StepContext, StepResult, Waiting
from fairway.usecases.delivery import node_spec, planning
from fairway.usecases.delivery.node_spec import Lookup
from fairway.usecases.delivery.steps import hold, plan_step
from fairway.usecases.platform import Platform

BUSY_SECONDS = 0.5
STOP_SECONDS = 0.2


@dataclasses.dataclass(frozen=True, slots=True)
class _Job:
    """One step's work: the plan's step, its recipe, and the node that it holds."""

    context: StepContext
    plan: Plan
    step: PlanStep
    recipe: Recipe
    live: LiveNode


@dataclasses.dataclass(frozen=True, slots=True)
class _NodeExecutor(Executor):
    """Holds the step's node while its work is done, and lets go of it when that is refused."""

    platform: Platform

    def execute(self, context: StepContext) -> StepResult:
        job = _take(self.platform, context)
        if isinstance(job, Waiting):
            return job
        try:
            return self._work(job)
        except Refused:
            environment = job.plan.environment
            hold.give_back(self.platform, context, environment=environment, node=job.step.node)
            raise

    @abstractmethod
    def _work(self, job: _Job) -> StepResult:
        """Change the held node."""


class ApplyExecutor(_NodeExecutor):
    """Creates, updates or replaces a node; for `unknown`, only if it turns out to differ."""

    __slots__ = ()

    def _work(self, job: _Job) -> StepResult:
        needed = self._read_needed(job)
        redacted = expression.redact(
            cast("JsonObject", job.recipe.inputs), dataclasses.replace(needed, is_clear=False)
        )
        made = dataclasses.replace(
            job.live,
            driver=job.recipe.driver,
            provisioner=job.recipe.provisioner,
            provisioner_revision=job.recipe.provisioner_revision,
            on_delete=job.recipe.on_delete,
            needs=job.recipe.needs,
            consumers=frozenset(job.step.consumers),
            spec=cast("JsonObject", redacted),
            spec_digest=digest.make_value_digest(redacted),
            state="present",
            holder="",
        )
        if job.step.action == "unknown" and made.spec_digest == job.live.spec_digest:
            return Done(commit=self._make_commit(job, made), text="unchanged")
        if job.recipe.kind == "workload":
            return self._apply_workload(job, needed, made)
        return self._apply_resource(job, needed, made)

    def _read_needed(self, job: _Job) -> Lookup:
        with self.platform.store.read() as tx:
            nodes = tx.nodes.find_many(job.plan.environment, job.recipe.needs)
        return Lookup(platform=self.platform, live={node.id: node for node in nodes}, is_clear=True)

    def _apply_workload(self, job: _Job, needed: Lookup, made: LiveNode) -> StepResult:
        target = get_target(self.platform, job.recipe.provisioner)
        generation = node_spec.make_generation(made.spec)
        target.apply(
            node_spec.make_workload_spec(
                job.recipe, needed, environment=job.plan.environment, generation=generation
            )
        )
        made = dataclasses.replace(made, outputs={"generation": generation})
        return Done(commit=self._make_commit(job, made))

    def _apply_resource(self, job: _Job, needed: Lookup, made: LiveNode) -> StepResult:
        driver = get_provisioner(self.platform, job.recipe.driver)
        live = self._clear_for_replacement(job) if job.step.action == "replace" else job.live
        spec = node_spec.make_resource_spec(job.recipe, needed, live=live, key=job.context.step.key)
        self._check(spec.params, job, part="params")
        said: list[str] = []
        outputs = driver.apply(spec, said.append)
        self._check(outputs, job, part="outputs")
        plain, sealed = node_spec.seal_outputs(
            self.platform, outputs, live=live, secret=job.recipe.secret_outputs
        )
        made = dataclasses.replace(made, outputs=plain, secrets=sealed)
        return Done(commit=self._make_commit(job, made), text="; ".join(said))

    def _clear_for_replacement(self, job: _Job) -> LiveNode:
        """Remove what is replaced, once: the node is then held as missing, without outputs."""
        if job.live.state == "missing":
            return job.live
        old = get_provisioner(self.platform, job.live.driver)
        spec = node_spec.make_live_spec(self.platform, job.live, key=job.context.step.key)
        old.delete(spec, job.live.on_delete, job.context.log)
        with self.platform.store.write() as tx:
            cleared = dataclasses.replace(job.live, state="missing", outputs={}, secrets={})
            return tx.nodes.put(cleared)

    def _check(self, value: JsonObject, job: _Job, *, part: str) -> None:
        """Refuse params or outputs that the resource type's schema does not allow."""
        with self.platform.store.read() as tx:
            found = planning.read_definitions(tx).resource_types.get(job.recipe.type)
        if found is None:
            return
        version = found.versions[-1]
        schema = version.params if part == "params" else version.outputs
        errors = self.platform.schemas.list_errors(schema, value)
        if errors:
            raise Refused(
                f"RESOURCE-{part.upper()}",
                what=f"cannot provision '{job.step.node}' in '{job.plan.environment}'",
                why=f"its {part} break the contract of type '{job.recipe.type}': {errors[0]}",
                fix="correct the params in score.yaml"
                if part == "params"
                else f"correct provisioner '{job.recipe.provisioner}' or the resource type",
            )

    def _make_commit(self, job: _Job, made: LiveNode) -> "_Commit":
        return _Commit(self.platform, job, made)


@dataclasses.dataclass(frozen=True, slots=True)
class _Commit:
    """Records a node as made, with its audit event."""

    platform: Platform
    job: _Job
    made: LiveNode

    def __call__(self, tx: Transaction) -> None:
        tx.nodes.put(self.made)
        _append_event(
            self.platform, tx, self.job, f"{self.made.kind}.{_PAST[self.job.step.action]}"
        )


_PAST = {
    "create": "created",
    "update": "updated",
    "unknown": "updated",
    "replace": "replaced",
    "delete": "deleted",
}


class DeleteExecutor(_NodeExecutor):
    """Removes a node; a workload is removed when its last instance has stopped."""

    __slots__ = ()

    def _work(self, job: _Job) -> StepResult:
        if job.recipe.kind == "workload":
            target = get_target(self.platform, job.recipe.provisioner)
            target.delete(job.plan.environment, job.recipe.component)
            status = target.observe(job.plan.environment, job.recipe.component)
            if status.phase != "absent":
                again = self.platform.clock.now() + timedelta(seconds=STOP_SECONDS)
                return Waiting(again_at=again, text=f"{len(status.instances)} still stopping")
        else:
            driver = get_provisioner(self.platform, job.recipe.driver)
            spec = node_spec.make_live_spec(self.platform, job.live, key=job.context.step.key)
            driver.delete(spec, job.recipe.on_delete, job.context.log)

        def commit(tx: Transaction) -> None:
            tx.nodes.remove(job.plan.environment, job.step.node)
            _append_event(self.platform, tx, job, f"{job.recipe.kind}.deleted")

        return Done(commit=commit)


def get_target(platform: Platform, name: str) -> Target:
    """Return the target of that definition name.

    Raises:
        Refused: TARGET-UNKNOWN.
    """
    with platform.store.read() as tx:
        definition = planning.read_definitions(tx).targets.get(name)
    if definition is None:
        raise Refused(
            "TARGET-UNKNOWN",
            what=f"cannot use target '{name}'",
            why="there is no such target any more",
            fix=f"apply a Target named '{name}' again",
        )
    return platform.targets.get(definition)


def get_provisioner(platform: Platform, driver: str) -> Provisioner:
    """Return the driver of that name.

    Raises:
        Refused: DRIVER-UNKNOWN.
    """
    found = platform.provisioners.get(driver)
    if found is None:
        known = ", ".join(f"'{name}'" for name in sorted(platform.provisioners))
        raise Refused(
            "DRIVER-UNKNOWN",
            what=f"cannot use driver '{driver}'",
            why=f"it is not installed; the drivers are {known}",
            fix="correct 'driver' in the Provisioner, or install the package that brings it",
        )
    return found


def _take(platform: Platform, context: StepContext) -> _Job | Waiting:
    with platform.store.read() as tx:
        plan = plan_step.load_plan(tx, context.step.input["plan"])
    step = plan.get_step(str(context.step.input["step"]))
    live = hold.hold(platform, context, plan=plan, step=step)
    if live is None:
        again = platform.clock.now() + timedelta(seconds=BUSY_SECONDS)
        return Waiting(again_at=again, text="another run works on it")
    assert step.recipe is not None
    return _Job(context, plan, step, step.recipe, live)


def _append_event(platform: Platform, tx: Transaction, job: _Job, event_type: str) -> None:
    tx.audit.append(
        AuditEvent(
            type=event_type,
            subject=f"node/{job.plan.environment}/{job.step.node}",
            actor=job.context.run.actor,
            at=platform.clock.now(),
            data={
                "run": job.context.run.id,
                "plan": job.plan.digest,
                "provisioner": job.recipe.provisioner,
            },
        )
    )
