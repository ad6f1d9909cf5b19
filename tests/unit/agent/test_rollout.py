"""The rules of a rollout."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from fairway.agent import rollout
from fairway.agent.rollout import View, Want

WANT = Want(
    component="orders",
    generation="new",
    replicas=2,
    good_generation="old",
    is_settled=False,
    is_overdue=False,
    crash_limit=3,
)


def _id(index: int, generation: str = "new") -> str:
    return rollout.make_replica_id("orders", index, generation)


def _view(index: int, generation: str = "new", **changes: object) -> View:
    view = View(id=_id(index, generation), generation=generation, is_ready=True)
    return replace(view, **changes)  # type: ignore[arg-type]


OLD = [_view(0, "old"), _view(1, "old")]


def test_new_replicas_start_beside_the_old() -> None:
    decision = rollout.make_decision(WANT, OLD)
    assert decision.start == (_id(0), _id(1))
    assert decision.retire == ()
    assert decision.serving == (_id(0, "old"), _id(1, "old"))
    assert decision.phase == "progressing"


def test_the_old_go_only_when_all_new_ones_are_ready() -> None:
    half = rollout.make_decision(WANT, [*OLD, _view(0), _view(1, is_ready=False)])
    assert half.retire == ()
    assert _id(0) in half.serving
    whole = rollout.make_decision(WANT, [*OLD, _view(0), _view(1)])
    assert whole.retire == (_id(0, "old"), _id(1, "old"))
    assert whole.serving == (_id(0), _id(1))
    assert whole.phase == "progressing"


def test_it_is_ready_once_no_other_is_left() -> None:
    leaving = _view(0, "old", is_retiring=True)
    assert rollout.make_decision(WANT, [_view(0), _view(1), leaving]).phase == "progressing"
    assert rollout.make_decision(WANT, [_view(0), _view(1)]).phase == "ready"


def test_crashes_fail_a_rollout_and_the_old_serve_alone() -> None:
    views = [*OLD, _view(0), _view(1, is_ready=False, crashes=3)]
    decision = rollout.make_decision(WANT, views)
    assert decision.phase == "failed"
    assert decision.serving == (_id(0, "old"), _id(1, "old"))
    assert decision.retire == ()


def test_a_failed_first_rollout_serves_what_it_has() -> None:
    want = replace(WANT, good_generation=None, is_overdue=True)
    decision = rollout.make_decision(want, [_view(0), _view(1, is_ready=False)])
    assert (decision.phase, decision.serving) == ("failed", (_id(0),))


def test_a_generation_that_was_never_good_goes_at_once() -> None:
    decision = rollout.make_decision(WANT, [*OLD, _view(0, "broken", is_ready=False)])
    assert decision.retire == (_id(0, "broken"),)


def test_what_was_ready_and_is_not_is_degraded() -> None:
    want = replace(WANT, is_settled=True, good_generation="new", is_overdue=True)
    views = [_view(0), _view(1, is_ready=False, crashes=9)]
    assert rollout.make_decision(want, views).phase == "degraded"


def test_a_retiring_replica_is_not_started_a_second_time() -> None:
    decision = rollout.make_decision(WANT, [_view(0, is_retiring=True)])
    assert decision.start == (_id(1),)


def test_wanting_nothing_retires_all_until_absent() -> None:
    assert rollout.make_decision(None, OLD).retire == (_id(0, "old"), _id(1, "old"))
    assert rollout.make_decision(None, []).phase == "absent"


_views = st.lists(
    st.builds(
        _view,
        st.integers(0, 3),
        st.sampled_from(["old", "new", "broken"]),
        is_ready=st.booleans(),
        is_retiring=st.booleans(),
        crashes=st.integers(0, 4),
    ),
    unique_by=lambda view: view.id,
)


@given(views=_views, replicas=st.integers(0, 3), is_overdue=st.booleans())
def test_no_decision_contradicts_itself(
    views: list[View], replicas: int, *, is_overdue: bool
) -> None:
    want = replace(WANT, replicas=replicas, is_overdue=is_overdue)
    decision = rollout.make_decision(want, views)
    present = {view.id: view for view in views}
    assert not set(decision.start) & set(present)
    assert not set(decision.retire) & set(decision.serving)
    assert all(present[name].is_ready for name in decision.serving)
    assert not any(present[name].is_retiring for name in decision.retire)
    could_serve = [
        view
        for view in views
        if view.is_ready and not view.is_retiring and view.generation == "old"
    ]
    if could_serve and replicas:
        assert decision.serving


@given(views=_views, replicas=st.integers(0, 3))
def test_following_the_decisions_ends_ready(views: list[View], replicas: int) -> None:
    want = replace(WANT, replicas=replicas)
    for _ in range(8):
        decision = rollout.make_decision(want, views)
        views = [
            replace(view, is_ready=True, crashes=0, is_retiring=view.id in decision.retire)
            for view in views
            if not view.is_retiring
        ] + [View(id=name, generation="new", is_ready=False) for name in decision.start]
    assert rollout.make_decision(want, views).phase == "ready"
    assert len(views) == replicas
