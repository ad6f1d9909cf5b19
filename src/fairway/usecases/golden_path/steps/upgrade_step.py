"""The steps of an upgrade: rendering for many components, one step per component, the report.

Belongs here: what each does, idempotent after a kill at any instant: commits are made of what is
journalled and of what the repository holds, so that the same step makes the same commit. Start
at `UpgradeExecutor`.
"""

import dataclasses
from collections.abc import Mapping
from typing import cast

from fairway.core.audit.event import AuditEvent
from fairway.core.golden_path.golden_path import UpgradeOffer
from fairway.core.release.release import Artifact
from fairway.core.source.conflict import Conflict
from fairway.core.source.repository import CommitStatus
from fairway.core.source.tree import make_file_digests
from fairway.kits.canonical import JsonObject, JsonValue
from fairway.kits.errors import Refused
from fairway.ports.builder import BuildRequest
from fairway.ports.store.store import Transaction
from fairway.runtime import journal
from fairway.runtime.step import Done, Executor, StepContext, StepResult
from fairway.usecases.golden_path import offer_branch, upgrade_component
from fairway.usecases.golden_path.offer_branch import BranchMove
from fairway.usecases.golden_path.upgrade_component import (
    MergedUpgrade,
    RenderedUpgrade,
    Upgrade,
    UpgradeRequest,
)
from fairway.usecases.platform import Platform
from fairway.usecases.source import archive_commit, deliver_push, receive_push

RENDER = "upgrade-render"
UPGRADE = "upgrade"
REPORT = "upgrade-report"


@dataclasses.dataclass(frozen=True, slots=True)
class RenderExecutor(Executor):
    """Renders the old and the new version for the components of the step, all in one go."""

    platform: Platform

    def execute(self, context: StepContext) -> StepResult:
        components = cast("list[str]", context.step.input["components"])
        found: dict[str, Upgrade] = {}
        output: dict[str, JsonValue] = {}
        with self.platform.store.read() as tx:
            for name in components:
                try:
                    one = upgrade_component.find_upgrade(
                        self.platform, tx, make_request(context, name)
                    )
                except Refused as problem:
                    output[name] = _make_failure_document(problem)
                    continue
                if one.is_needed:
                    found[name] = one
        rendered = upgrade_component.render_upgrades(self.platform, tuple(found.values()))
        for name, item in zip(found, rendered, strict=True):
            output[name] = (
                _make_failure_document(item)
                if isinstance(item, Refused)
                else {"base": item.base, "theirs": item.theirs, "answers": item.answers}
            )
        return Done(output=output, text=f"{len(found)} of {len(components)} to upgrade")


@dataclasses.dataclass(frozen=True, slots=True)
class UpgradeExecutor(Executor):
    """Merges, builds and tests one component's upgrade, and offers it on a branch."""

    platform: Platform

    def execute(self, context: StepContext) -> StepResult:
        name = str(context.step.input["component"])
        with self.platform.store.read() as tx:
            found = upgrade_component.find_upgrade(self.platform, tx, make_request(context, name))
            before = tx.golden_paths.find_offer(name)
        if not found.is_needed:
            text = f"up to date with {found.link.path} {found.link.version}"
            return Done(output={"state": "up to date", "version": found.link.version}, text=text)
        rendered = _get_rendered(context, name)
        merged = upgrade_component.merge_upgrade(self.platform, found, rendered)
        move = offer_branch.write_commit(self.platform, found, merged, at=context.run.created_at)
        artifact, failure = None, None
        if not merged.conflicts:
            artifact, failure = self._build(context, found, move.after)
        conflicts = merged.conflicts + (() if failure is None else (_make_build_conflict(failure),))
        offer = self._make_offer(context, found, rendered, merged=merged, move=move)
        offer = dataclasses.replace(
            offer, conflicts=conflicts, state="conflicted" if conflicts else "offered"
        )
        moves = [move, *offer_branch.list_outdated(self.platform, before, move)]
        for item in moves:
            offer_branch.move_branch(self.platform, found.repository.name, item)

        def commit(tx: Transaction) -> None:
            if artifact is not None:
                tx.releases.put_artifact(artifact)
            branches = [item.branch for item in moves]
            self._record(tx, context, offer, failure=failure)
            receive_push.note_heads(
                self.platform, tx, found.repository, branches=branches, actor=context.run.actor
            )

        if failure is not None:
            with self.platform.store.write() as tx:
                commit(tx)
            raise failure
        return Done(output=_describe(offer, merged), commit=commit, text=_tell(offer))

    def _build(
        self, context: StepContext, found: Upgrade, commit: str
    ) -> tuple[Artifact | None, Refused | None]:
        """Build and test a commit; return the artifact, None if known, or why there is none."""
        component = found.link.component
        try:
            source = archive_commit.archive_commit(self.platform, found.repository.name, commit)
            with self.platform.store.read() as tx:
                known = tx.releases.find_artifact_by_source(component, source)
            if known is not None and known.tests is not None:
                return None, None
            request = BuildRequest(
                component=component,
                source=source,
                is_tested=True,
                limits=self.platform.build_limits,
            )
            artifact = self.platform.builder.build(
                request,
                lambda step, line: context.log(f"{component}: {step}: {line}"),
                context.is_cancelled,
            )
        except Refused as problem:
            if context.is_cancelled():
                raise
            return None, problem
        return artifact, None

    def _make_offer(
        self,
        context: StepContext,
        found: Upgrade,
        rendered: RenderedUpgrade,
        *,
        merged: MergedUpgrade,
        move: BranchMove,
    ) -> UpgradeOffer:
        return UpgradeOffer(
            component=found.link.component,
            repository=found.repository.name,
            path=found.link.path,
            from_version=found.old.version,
            to_version=found.new.version,
            branch=move.branch,
            base=merged.head,
            commit=move.after,
            state="offered",
            answers=rendered.answers,
            files=make_file_digests(upgrade_component.read_files(self.platform, found, rendered)),
            made_at=context.run.created_at,
        )

    def _record(
        self,
        tx: Transaction,
        context: StepContext,
        offer: UpgradeOffer,
        *,
        failure: Refused | None,
    ) -> None:
        """Store the offer, and say of its commit what a push of it would find out anew."""
        now = self.platform.clock.now()
        tx.golden_paths.put_offer(offer)
        said = "built and tested" if failure is None else failure.why.partition("\n")[0]
        if failure is None and offer.conflicts:
            said = f"{len(offer.conflicts)} conflicts to resolve"
        tx.repositories.put_status(
            CommitStatus(
                repository=offer.repository,
                commit=offer.commit,
                context=deliver_push.BUILD,
                state="failure" if offer.conflicts else "success",
                text=said,
                run=context.run.id,
                at=now,
            )
        )
        tx.audit.append(
            AuditEvent(
                type="upgrade.offered",
                subject=f"component/{offer.component}",
                actor=context.run.actor,
                at=now,
                data={
                    "path": offer.path,
                    "from": offer.from_version,
                    "to": offer.to_version,
                    "branch": offer.branch,
                    "commit": offer.commit,
                    "state": offer.state,
                    "run": context.run.id,
                },
            )
        )


@dataclasses.dataclass(frozen=True, slots=True)
class ReportExecutor(Executor):
    """Lists one result per component, whatever became of it."""

    platform: Platform

    def execute(self, context: StepContext) -> StepResult:
        results: dict[str, JsonValue] = {}
        for step in context.steps:
            if step.kind != UPGRADE:
                continue
            if step.state == "succeeded":
                results[step.name] = step.output
            elif step.failure is not None and step.state == "failed":
                failure = journal.make_failure_document(step.failure)
                results[step.name] = {"state": "failed", "failure": failure}
            else:
                results[step.name] = {"state": step.state}
        return Done(result={"results": results}, text=_count(results))


def make_request(context: StepContext, component: str) -> UpgradeRequest:
    """Return what the run was asked for one of its components."""
    asked = context.run.input
    answers = asked.get("answers")
    return UpgradeRequest(
        component=component,
        to=str(asked["to"]),
        answers=answers if isinstance(answers, Mapping) else {},
        is_downgrade=asked.get("isDowngrade") is True,
    )


def _get_rendered(context: StepContext, component: str) -> RenderedUpgrade:
    """Return what was rendered for the component.

    Raises:
        Refused: what the renderer refused, or UPGRADE-NOT-RENDERED.
    """
    outputs = [step.output for step in context.steps if step.kind == RENDER]
    found = next((item[component] for item in outputs if component in item), None)
    if not isinstance(found, Mapping):
        raise Refused(
            "UPGRADE-NOT-RENDERED",
            what=f"cannot upgrade '{component}'",
            why="its golden path was not rendered",
            fix="see why in the run's events, and upgrade it again",
        )
    if "code" in found:
        code, what, why, fix = (str(found[key]) for key in ("code", "what", "why", "fix"))
        raise Refused(code, what=what, why=why, fix=fix)
    return RenderedUpgrade(
        base=str(found["base"]),
        theirs=str(found["theirs"]),
        answers=cast("JsonObject", found["answers"]),
    )


def _make_failure_document(problem: Refused) -> JsonObject:
    return {"code": problem.code, "what": problem.what, "why": problem.why, "fix": problem.fix}


def _make_build_conflict(problem: Refused) -> Conflict:
    return Conflict(path="", kind="build", text=problem.why.partition("\n")[0])


def _describe(offer: UpgradeOffer, merged: MergedUpgrade) -> JsonObject:
    return {
        "state": offer.state,
        "from": offer.from_version,
        "to": offer.to_version,
        "branch": offer.branch,
        "commit": offer.commit,
        "conflicts": upgrade_component.list_conflict_documents(offer.conflicts),
        "notes": upgrade_component.list_conflict_documents(merged.notes),
    }


def _tell(offer: UpgradeOffer) -> str:
    where = f"{offer.from_version} → {offer.to_version}"
    if offer.conflicts:
        return f"{where}   {len(offer.conflicts)} to resolve: {offer.conflicts[0].path}"
    return f"{where}   built and tested"


def _count(results: Mapping[str, JsonValue]) -> str:
    counts: dict[str, int] = {}
    for result in results.values():
        state = str(result["state"]) if isinstance(result, Mapping) else ""
        counts[state] = counts.get(state, 0) + 1
    return ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
