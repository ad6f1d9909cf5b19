"""Records of a run's journal, made from specs, outcomes and problems.

Belongs here: pure functions from and to records. Never here: storing them (`engine.py`).
"""

import uuid
from collections.abc import Iterable, Mapping

from fairway.core.run import run as run_states
from fairway.core.run.run import TERMINAL, Failure, Run, StepRecord, StepState
from fairway.kits.canonical import JsonObject
from fairway.kits.errors import Problem
from fairway.runtime.step import StepSpec


def make_steps(specs: Iterable[StepSpec], *, first: int = 0) -> tuple[StepRecord, ...]:
    """Return the records of `specs`, numbered from `first`, each with the key of its effect.

    Keys are random: they are journalled before any effect, so every attempt finds the same one.
    """
    specs = tuple(specs)
    index = {spec.label: first + position for position, spec in enumerate(specs)}
    return tuple(
        StepRecord(
            index=index[spec.label],
            kind=spec.kind,
            name=spec.name,
            key=uuid.uuid4().hex,
            input=spec.input,
            needs=tuple(index[need] for need in spec.needs),
            is_always_run=spec.is_always_run,
            is_protected=spec.is_protected,
        )
        for spec in specs
    )


def make_failure_document(failure: Failure) -> JsonObject:
    """Return the failure as JSON."""
    return {
        "code": failure.code,
        "what": failure.what,
        "why": failure.why,
        "fix": failure.fix,
        "lines": list(failure.lines),
    }


def list_startable(steps: tuple[StepRecord, ...]) -> Iterable[StepRecord]:
    """Yield what a crash cut off, what waits, and what has become ready."""
    yield from (step for step in steps if step.state in ("running", "waiting"))
    yield from run_states.list_ready(steps)


def find_blocked_state(
    step: StepRecord, steps: Mapping[int, StepRecord], *, is_cancelled: bool
) -> StepState | None:
    """Return the state in which a step ends that can never start, None while it may."""
    if step.state not in ("pending", "waiting"):
        return None
    if is_cancelled and not step.is_protected:
        return "cancelled"
    if step.is_always_run:
        return None
    blocked = any(steps[need].state in TERMINAL - {"succeeded"} for need in step.needs)
    return "skipped" if blocked else None


def make_failure(problem: Problem) -> Failure:
    """Return what a problem says, for the journal."""
    lines = getattr(problem, "lines", ())
    return Failure(
        code=problem.code,
        what=problem.what,
        why=problem.why,
        fix=problem.fix,
        lines=tuple(lines),
    )


def make_bug_failure(step: StepRecord, incident: str) -> Failure:
    """Return what people see of a bug; its details are in the log under `incident`."""
    return Failure(
        code="INTERNAL",
        what=f"cannot finish step '{step.name}'",
        why=f"an internal error, incident {incident}",
        fix="look for the incident in the platform's log and report it; then deploy again",
    )


def make_deadline_failure(run: Run) -> Failure:
    """Return why a run that took too long ends."""
    return Failure(
        code="RUN-DEADLINE",
        what=f"cannot finish run {run.id} of {run.subject}",
        why="it took longer than its deadline allows",
        fix="see what took so long with fairway events, then try again",
    )
