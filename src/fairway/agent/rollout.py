"""The rules of a rollout, as pure functions.

Belongs here: which replicas to start, to retire and to send requests to, and what to call the
whole. Never here: a process, a clock, a file. Start at `make_decision`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from fairway.kits.digest import make_digest, shorten

Phase = Literal["absent", "progressing", "ready", "degraded", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """What a workload should be.

    `good_generation` is the last one that was wholly ready; `is_settled` says that `generation`
    was wholly ready at some time since it was wanted in this size.
    """

    component: str
    generation: str
    replicas: int
    good_generation: str | None
    is_settled: bool
    is_overdue: bool
    crash_limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A replica as the rules see it; a retiring one is on its way out and does not return."""

    id: str
    generation: str
    is_ready: bool
    is_retiring: bool = False
    crashes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do now; ids in order."""

    start: tuple[str, ...]
    retire: tuple[str, ...]
    serving: tuple[str, ...]
    phase: Phase
    is_complete: bool


def make_replica_id(component: str, index: int, generation: str) -> str:
    """Return the one id of a replica, the same whenever it is asked for: so none is doubled."""
    return f"{component}-{index}-{shorten(make_digest(generation.encode()), 6)}"


def make_decision(want: Want | None, views: Collection[View]) -> Decision:
    """Return the next step of a workload towards `want`; None wants nothing.

    New replicas start beside the old ones, which stay until every new one is ready. Replicas of a
    generation that was never wholly ready and is wanted no more go at once. A failed generation
    gets requests only where no good one can answer.
    """
    active = sorted((view for view in views if not view.is_retiring), key=lambda view: view.id)
    if want is None:
        ids = tuple(view.id for view in active)
        phase: Phase = "progressing" if views else "absent"
        return Decision(start=(), retire=ids, serving=(), phase=phase, is_complete=not views)
    wanted = [
        make_replica_id(want.component, index, want.generation) for index in range(want.replicas)
    ]
    present = {view.id: view for view in views}
    current = [view for view in active if view.id in wanted]
    is_complete = len(current) == want.replicas and all(view.is_ready for view in current)
    kept = [
        view
        for view in active
        if view.id not in wanted
        and not is_complete
        and view.generation == want.good_generation != want.generation
    ]
    kept_ids = {view.id for view in kept}
    is_failed = not is_complete and not want.is_settled and _is_failed(want, current)
    good = [view for view in kept if view.is_ready]
    fresh = [] if is_failed and good else [view for view in current if view.is_ready]
    return Decision(
        start=tuple(wanted_id for wanted_id in wanted if wanted_id not in present),
        retire=tuple(v.id for v in active if v.id not in wanted and v.id not in kept_ids),
        serving=tuple(sorted(view.id for view in (*good, *fresh))),
        phase=_name_phase(
            is_complete=is_complete,
            is_alone=len(views) == len(current),
            is_settled=want.is_settled,
            is_failed=is_failed,
        ),
        is_complete=is_complete,
    )


def _is_failed(want: Want, current: Collection[View]) -> bool:
    return want.is_overdue or any(view.crashes >= want.crash_limit for view in current)


def _name_phase(*, is_complete: bool, is_alone: bool, is_settled: bool, is_failed: bool) -> Phase:
    if is_complete:
        return "ready" if is_alone else "progressing"
    if is_settled:
        return "degraded"
    return "failed" if is_failed else "progressing"
