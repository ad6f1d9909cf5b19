"""The steps that make a release: build, release.

Belongs here: calling the builder, reading the built tree's documents, numbering the release.
Never here: how a build works (`fairway.drivers`), what Score means (`fairway.formats`).
"""

import dataclasses
from datetime import datetime
from pathlib import Path

from fairway.core.audit.event import AuditEvent
from fairway.core.catalog.entity import Entity
from fairway.core.release.release import Artifact, Commit, Release
from fairway.kits.canonical import JsonObject
from fairway.kits.digest import Digest
from fairway.kits.errors import Refused
from fairway.ports.builder import BuildRequest
from fairway.ports.store.store import Transaction
from fairway.runtime.step import Done, Executor, StepContext, StepResult
from fairway.usecases.catalog import managed_location
from fairway.usecases.delivery import source_documents
from fairway.usecases.delivery.steps import kinds
from fairway.usecases.platform import Platform


@dataclasses.dataclass(frozen=True, slots=True)
class BuildExecutor(Executor):
    """Builds the run's source, or finds what was built from it before."""

    platform: Platform

    def execute(self, context: StepContext) -> StepResult:
        component = str(context.run.input["component"])
        source = Digest(str(context.run.input["source"]))
        is_tested = bool(context.run.input.get("isTested", True))
        known = self._find_known(component, source, is_tested=is_tested)
        if known is not None:
            return Done(output={"artifact": known.digest}, text="unchanged")
        artifact = self.platform.builder.build(
            BuildRequest(
                component=component,
                source=source,
                is_tested=is_tested,
                limits=self.platform.build_limits,
            ),
            lambda step, line: context.log(f"{step}: {line}"),
            context.is_cancelled,
        )

        def commit(tx: Transaction) -> None:
            tx.releases.put_artifact(artifact)
            tx.audit.append(
                AuditEvent(
                    type="artifact.built",
                    subject=f"artifact/{component}/{artifact.digest}",
                    actor=context.run.actor,
                    at=self.platform.clock.now(),
                    data={"source": source, "run": context.run.id},
                )
            )

        return Done(
            output={"artifact": artifact.digest},
            commit=commit,
            result={"artifact": artifact.digest},
            text=_describe_tests(artifact),
        )

    def _find_known(self, component: str, source: Digest, *, is_tested: bool) -> Artifact | None:
        with self.platform.store.read() as tx:
            known = tx.releases.find_artifact_by_source(component, source)
        if known is None or (is_tested and known.tests is None):
            return None
        return known


def _describe_tests(artifact: Artifact) -> str:
    tests = artifact.tests
    return "no tests" if tests is None else f"tests {tests.passed} passed"


@dataclasses.dataclass(frozen=True, slots=True)
class ReleaseExecutor(Executor):
    """Makes the release of what was built; the same artifact and workload are the same release."""

    platform: Platform

    def execute(self, context: StepContext) -> StepResult:
        component = str(context.run.input["component"])
        with self.platform.store.read() as tx:
            artifact = tx.releases.find_artifact(
                Digest(str(context.outputs[kinds.BUILD]["artifact"]))
            )
            latest = tx.releases.list_by_component(component, limit=1)
        assert artifact is not None
        tree = self.platform.builder.unpack(artifact.digest) / "app"
        release, entities = self._read(context, artifact, tree)
        if latest and _is_same(latest[0], release):
            return Done(output={"release": latest[0].number}, result={"release": latest[0].number})
        return self._add(context, release, entities)

    def _read(
        self, context: StepContext, artifact: Artifact, tree: Path
    ) -> tuple[Release, tuple[Entity, ...]]:
        """Return the unnumbered release, and the catalog entities beside it."""
        component = artifact.component
        documents = source_documents.read_documents(tree)
        if documents.workload.name != component:
            raise Refused(
                "COMPONENT-NAME",
                what=f"cannot release '{component}'",
                why=f"its score.yaml is named '{documents.workload.name}'",
                fix=f"set metadata.name to '{component}' in score.yaml",
            )
        commit = context.run.input.get("commit")
        release = Release(
            component=component,
            number=0,
            artifact=artifact,
            workload=documents.workload,
            document=documents.document,
            positions=documents.positions,
            commit=_make_commit(commit if isinstance(commit, dict) else {}),
            author=context.run.actor,
            created_at=self.platform.clock.now(),
        )
        entities = documents.entities or (_infer_component(component, owner=context.run.actor),)
        return release, entities

    def _add(
        self, context: StepContext, release: Release, entities: tuple[Entity, ...]
    ) -> StepResult:
        """Number and store the release; journalled by its own unique triple, so it is safe to
        repeat: a second attempt finds the first one's release."""
        with self.platform.store.write() as tx:
            latest = tx.releases.list_by_component(release.component, limit=1)
            if latest and _is_same(latest[0], release):
                number = latest[0].number
            else:
                number = self._store(tx, context, release, entities)
        return Done(output={"release": number}, result={"release": number})

    def _store(
        self,
        tx: Transaction,
        context: StepContext,
        release: Release,
        entities: tuple[Entity, ...],
    ) -> int:
        now = self.platform.clock.now()
        added = tx.releases.add(release)
        location = f"release:{added.component}/{added.number}"
        _put_entities(tx, entities, actor=context.run.actor, at=now, location=location)
        tx.audit.append(
            AuditEvent(
                type="release.created",
                subject=f"release/{added.component}/{added.number}",
                actor=context.run.actor,
                at=now,
                data={
                    "artifact": added.artifact.digest,
                    "commit": added.commit.id,
                    "run": context.run.id,
                },
            )
        )
        return added.number


def _put_entities(
    tx: Transaction, entities: tuple[Entity, ...], *, actor: str, at: datetime, location: str
) -> None:
    """Store entities, but those that a repository manages: its default branch has the say.

    One that was only inferred never overwrites one that somebody wrote.
    """
    known = tx.entities.find_many(entity.ref for entity in entities)
    wanted = [
        entity
        for entity in entities
        if entity.ref not in known
        or not (_is_inferred(entity) or managed_location.is_from_source(known[entity.ref]))
    ]
    tx.entities.put_many(wanted, actor=actor, at=at, location=location)


_INFERRED = "fairway.dev/inferred"


def _is_inferred(entity: Entity) -> bool:
    return _INFERRED in entity.annotations


def _infer_component(component: str, *, owner: str) -> Entity:
    """Return the entity of a component that has no catalog file of its own."""
    return Entity(
        {
            "apiVersion": "backstage.io/v1alpha1",
            "kind": "Component",
            "metadata": {"name": component, "annotations": {_INFERRED: "no catalog-info.yaml"}},
            "spec": {"type": "service", "lifecycle": "experimental", "owner": f"user:{owner}"},
        }
    )


def _is_same(known: Release, release: Release) -> bool:
    """Return whether both run alike; a commit that changes nothing that runs is no release."""
    return (known.artifact.digest, known.document) == (
        release.artifact.digest,
        release.document,
    )


def _make_commit(document: JsonObject) -> Commit:
    return Commit(
        id=str(document.get("id", "-")),
        subject=str(document.get("subject", "")),
        is_dirty=bool(document.get("isDirty", False)),
    )
