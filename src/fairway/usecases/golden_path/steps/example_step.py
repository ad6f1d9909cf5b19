"""The steps that prove a golden path: a stage, its examples, the stage's end.

Belongs here: rendering an example and carrying it through the same runs as any service. Each
step starts those under a request of its own, so that after a kill it finds them again.
"""

import dataclasses
import tempfile
from datetime import timedelta
from pathlib import Path

from fairway.core.catalog.entity import Entity
from fairway.core.release.release import Commit
from fairway.core.run.run import TERMINAL, Run
from fairway.formats import source_archive
from fairway.kits.canonical import JsonObject
from fairway.kits.digest import Digest
from fairway.kits.errors import Refused
from fairway.ports.renderer import RenderLimits
from fairway.runtime.step import Done, Executor, StepContext, StepResult, Waiting
from fairway.usecases.catalog import apply_entities
from fairway.usecases.delivery import start_run
from fairway.usecases.delivery.start_run import Source
from fairway.usecases.platform import Actor, Platform

STAGE = "path-stage"
EXAMPLE = "path-example"
UNSTAGE = "path-unstage"
_LOOK_AGAIN = timedelta(milliseconds=300)
_PLATFORM = Actor(name="fairway", is_admin=True)


def make_stage_name(run: Run) -> str:
    """Return the name of the environment that exists for this run only."""
    return f"path-test-{run.id}"


@dataclasses.dataclass(frozen=True, slots=True)
class StageExecutor(Executor):
    """Makes an environment like another one, without its order of promotion and its approvals."""

    platform: Platform

    def execute(self, context: StepContext) -> StepResult:
        like = str(context.run.input["like"])
        with self.platform.store.read() as tx:
            model = apply_entities.get_entity(tx, f"environment:default/{like}").entity
        left_out = ("promotesFrom", "approval")
        name = make_stage_name(context.run)
        document: JsonObject = {
            "apiVersion": model.api_version,
            "kind": "Environment",
            "metadata": {"name": name, "title": f"A test of a golden path, like {like}"},
            "spec": {key: value for key, value in model.spec.items() if key not in left_out},
        }
        apply_entities.apply_entities(
            self.platform, _PLATFORM, [Entity(document)], location=f"run:{context.run.id}"
        )
        return Done(text=f"environment {name}, like {like}")


@dataclasses.dataclass(frozen=True, slots=True)
class ExampleExecutor(Executor):
    """Renders one example, deploys it with its tests, and removes it again."""

    platform: Platform

    def execute(self, context: StepContext) -> StepResult:
        stage, component = make_stage_name(context.run), str(context.step.input["component"])
        deployed = self._find(context, "deploy")
        if deployed is None:
            source = Source(
                digest=self._render(context), commit=Commit(id="-", subject=context.step.name)
            )
            actor = self._make_actor(context, "deploy")
            deployed = start_run.deploy_source(
                self.platform, actor, source, component=component, environment=stage
            )
            context.log(f"run {deployed.id}")
        if deployed.state not in TERMINAL:
            return self._wait()
        removed = self._find(context, "remove") or self._remove(context, stage, component)
        if removed is not None and removed.state not in TERMINAL:
            return self._wait()
        for run in (deployed, removed):
            if run is not None and run.state != "succeeded":
                raise _refuse(context, run)
        return Done(
            output={"run": deployed.id},
            text=f"built, tested, deployed, removed (run {deployed.id})",
        )

    def _wait(self) -> Waiting:
        return Waiting(again_at=self.platform.clock.now() + _LOOK_AGAIN)

    def _make_actor(self, context: StepContext, verb: str) -> Actor:
        return Actor(name=context.run.actor, request=f"{context.step.key}/{verb}")

    def _find(self, context: StepContext, verb: str) -> Run | None:
        with self.platform.store.read() as tx:
            return tx.runs.find_by_request(f"{context.step.key}/{verb}")

    def _remove(self, context: StepContext, stage: str, component: str) -> Run | None:
        actor = self._make_actor(context, "remove")
        try:
            return start_run.remove_deployment(
                self.platform, actor, component=component, environment=stage
            )
        except Refused as problem:
            if problem.code == "NOTHING-DEPLOYED":
                return None
            raise

    def _render(self, context: StepContext) -> Digest:
        answers = context.step.input["answers"]
        assert isinstance(answers, dict)
        with tempfile.TemporaryDirectory() as folder:
            template = Path(folder) / "template"
            archive = self.platform.blobs.get_path(Digest(str(context.run.input["template"])))
            source_archive.unpack_source(archive, template)
            (rendering,) = self.platform.renderer.render(template, [answers], limits=RenderLimits())
        return self.platform.blobs.put(source_archive.pack_tree(rendering.tree))


def _refuse(context: StepContext, run: Run) -> Refused:
    failure = run.failure
    why = f"run {run.id} {run.state}"
    return Refused(
        "PATH-EXAMPLE",
        what=f"cannot prove example '{context.step.name}'",
        why=f"{why}: {failure.what}: {failure.why}" if failure else why,
        fix=f"see what happened with: fairway events {run.id}",
    )


@dataclasses.dataclass(frozen=True, slots=True)
class UnstageExecutor(Executor):
    """Removes the environment, and what the examples have left in the catalog."""

    platform: Platform

    def execute(self, context: StepContext) -> StepResult:
        name = make_stage_name(context.run)
        components = {
            str(step.input["component"]) for step in context.steps if step.kind == EXAMPLE
        }
        with self.platform.store.write() as tx:
            refs = [f"component:default/{component}" for component in components]
            left = tx.entities.find_many([*refs, f"environment:default/{name}"])
            tx.entities.remove(
                [
                    ref
                    for ref, item in left.items()
                    if item.location.startswith(("run:", "release:"))
                ],
                actor=_PLATFORM.name,
                at=self.platform.clock.now(),
            )
        return Done(text=f"environment {name} removed")
