"""The queue: no mark is lost, no key is leased twice, no stale holder is heard."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from fairway.drivers.sqlalchemy.store import SqlStore
from fairway.ports.store.work_queue import Lease
from tests.contract.store.conftest import START, SteppedClock

KIND = "run"


def mark(store: SqlStore, key: str, *, kind: str = KIND, after: float | None = None) -> None:
    with store.write() as transaction:
        due_at = None if after is None else START + timedelta(seconds=after)
        transaction.queue.mark(kind, key, due_at=due_at)


def claim(store: SqlStore, *, limit: int = 1, owner: str = "worker") -> tuple[Lease, ...]:
    return store.queue.claim([KIND], owner=owner, lease_seconds=10, limit=limit)


def claim_one(store: SqlStore) -> Lease:
    (lease,) = claim(store)
    return lease


def test_nothing_marked_is_nothing_to_claim(store: SqlStore) -> None:
    assert claim(store) == ()


def test_a_marked_key_is_leased_once(store: SqlStore) -> None:
    mark(store, "1")
    lease = claim_one(store)
    assert (lease.kind, lease.key, lease.generation, lease.attempts) == (KIND, "1", 1, 0)
    assert claim(store) == ()


def test_many_marks_are_one_piece_of_work(store: SqlStore) -> None:
    for _ in range(3):
        mark(store, "1")
    lease = claim_one(store)
    assert lease.generation == 3
    assert store.queue.finish(lease)
    assert claim(store) == ()


def test_a_mark_of_a_transaction_that_failed_never_was(store: SqlStore) -> None:
    def fail() -> None:
        with store.write() as transaction:
            transaction.queue.mark(KIND, "1")
            raise ValueError

    with pytest.raises(ValueError):
        fail()
    assert claim(store) == ()


def test_only_asked_kinds_are_leased(store: SqlStore) -> None:
    mark(store, "1", kind="other")
    assert claim(store) == ()
    assert store.queue.claim(["other", KIND], owner="worker", lease_seconds=1)


def test_no_kinds_lease_nothing(store: SqlStore) -> None:
    mark(store, "1")
    assert store.queue.claim([], owner="worker", lease_seconds=1) == ()


def test_the_earliest_due_is_leased_first(store: SqlStore, clock: SteppedClock) -> None:
    for key, after in (("a", 3), ("b", 1), ("c", 2), ("d", 4)):
        mark(store, key, after=after)
    clock.step(10)
    assert [lease.key for lease in claim(store, limit=3)] == ["b", "c", "a"]


def test_a_later_mark_never_puts_off_an_earlier(store: SqlStore) -> None:
    mark(store, "1", after=0)
    mark(store, "1", after=60)
    assert claim_one(store).generation == 2


def test_a_key_is_not_leased_before_it_is_due(store: SqlStore, clock: SteppedClock) -> None:
    mark(store, "1", after=5)
    assert claim(store) == ()
    clock.step(5)
    assert claim_one(store).key == "1"


def test_a_mark_during_work_makes_the_key_due_again(store: SqlStore) -> None:
    mark(store, "1")
    lease = claim_one(store)
    mark(store, "1")
    assert claim(store) == ()
    assert store.queue.finish(lease)
    assert claim_one(store).generation == 2


def test_a_later_mark_during_work_waits_for_its_time(store: SqlStore, clock: SteppedClock) -> None:
    mark(store, "1")
    lease = claim_one(store)
    mark(store, "1", after=30)
    assert store.queue.finish(lease)
    assert claim(store) == ()
    clock.step(30)
    assert claim_one(store).key == "1"


def test_finished_again_at_is_due_then(store: SqlStore, clock: SteppedClock) -> None:
    mark(store, "1")
    assert store.queue.finish(claim_one(store), again_at=START + timedelta(seconds=7))
    assert claim(store) == ()
    clock.step(7)
    assert claim_one(store).key == "1"


def test_a_mark_beats_a_later_again_at(store: SqlStore) -> None:
    mark(store, "1")
    lease = claim_one(store)
    mark(store, "1")
    assert store.queue.finish(lease, again_at=START + timedelta(hours=1))
    assert claim_one(store).key == "1"


def test_failures_in_a_row_are_counted_until_one_succeeds(
    store: SqlStore, clock: SteppedClock
) -> None:
    mark(store, "1")
    for failures in range(3):
        lease = claim_one(store)
        assert lease.attempts == failures
        assert store.queue.fail(lease, again_at=clock.now() + timedelta(seconds=1))
        assert claim(store) == ()
        clock.step(1)
    assert store.queue.finish(claim_one(store))
    mark(store, "1")
    assert claim_one(store).attempts == 0


def test_an_expired_lease_is_taken_over_and_its_holder_refused(
    store: SqlStore, clock: SteppedClock
) -> None:
    mark(store, "1")
    stale = claim_one(store)
    clock.step(9.999999)
    assert claim(store) == ()
    clock.step(0.000001)
    fresh = claim_one(store)
    assert fresh.token != stale.token
    assert not store.queue.renew(stale, lease_seconds=60)
    assert not store.queue.fail(stale, again_at=clock.now())
    assert not store.queue.finish(stale)
    assert claim(store) == ()
    assert store.queue.finish(fresh)
    assert claim(store) == ()


def test_a_start_that_is_alone_ends_the_leases_of_the_dead(store: SqlStore) -> None:
    mark(store, "1")
    mark(store, "2")
    dead = claim_one(store)
    assert store.queue.expire_leases() == 1
    assert {lease.key for lease in claim(store, limit=5)} == {"1", "2"}
    assert not store.queue.renew(dead, lease_seconds=60)
    assert not store.queue.finish(dead)


def test_a_renewed_lease_lasts_longer(store: SqlStore, clock: SteppedClock) -> None:
    mark(store, "1")
    lease = claim_one(store)
    clock.step(9)
    assert store.queue.renew(lease, lease_seconds=10)
    clock.step(9)
    assert claim(store) == ()
    assert store.queue.finish(lease)


def test_a_finished_lease_is_not_held(store: SqlStore) -> None:
    mark(store, "1")
    lease = claim_one(store)
    with store.write() as transaction:
        assert transaction.queue.holds(lease)
    assert store.queue.finish(lease)
    assert not store.queue.finish(lease)
    with store.write() as transaction:
        assert not transaction.queue.holds(lease)


def test_nobody_takes_over_while_a_transaction_holds_the_lease(
    store: SqlStore, open_again: Callable[[], SqlStore], clock: SteppedClock, backend: str
) -> None:
    mark(store, "1")
    lease = claim_one(store)
    clock.step(60)
    other = open_again()
    taken: list[tuple[Lease, ...]] = []
    with store.write() as transaction:
        assert transaction.queue.holds(lease)
        rival = threading.Thread(target=lambda: taken.append(claim(other)))
        rival.start()
        # PostgreSQL skips the locked row at once; on SQLite the rival waits for this block's end.
        rival.join(5 if backend == "postgresql" else 0.2)
        assert taken in ([], [()])
    rival.join()
    assert taken == [()] if backend == "postgresql" else len(taken[0]) == 1


def test_rivals_never_lease_the_same_key(
    store: SqlStore, open_again: Callable[[], SqlStore]
) -> None:
    keys = {str(number) for number in range(60)}
    with store.write() as transaction:
        for key in keys:
            transaction.queue.mark(KIND, key)
    taken: list[str] = []

    def work(rival: SqlStore) -> None:
        while leases := claim(rival, limit=3):
            for lease in leases:
                taken.append(lease.key)
                assert rival.queue.finish(lease)

    rivals = [threading.Thread(target=work, args=(open_again(),)) for _ in range(4)]
    for rival in rivals:
        rival.start()
    for rival in rivals:
        rival.join()
    assert sorted(taken) == sorted(keys)


def test_a_mark_wakes_a_waiter_of_its_process(store: SqlStore) -> None:
    assert claim(store) == ()
    waiter, woken = _wait_in_thread(store)
    mark(store, "1")
    waiter.join(5)
    assert woken
    assert woken[0] < 1


def test_a_mark_between_look_and_wait_is_not_slept_through(store: SqlStore) -> None:
    assert claim(store) == ()
    mark(store, "1")
    began = time.monotonic()
    store.queue.wait(5)
    assert time.monotonic() - began < 0.5


def test_a_mark_of_another_process_wakes_a_waiter_within_its_bound(
    store: SqlStore, open_again: Callable[[], SqlStore]
) -> None:
    # The listener's own start wakes once; it is over when a wait runs into its timeout.
    while _time_wait(store, 0.2) < 0.2:
        claim(store)
    other = open_again()
    claim(store)
    waiter, woken = _wait_in_thread(store)
    mark(other, "1")
    waiter.join(5)
    assert woken
    assert woken[0] < 1.5


def test_a_closed_store_lets_its_waiters_go(open_again: Callable[[], SqlStore]) -> None:
    store = open_again()
    waiter, woken = _wait_in_thread(store)
    store.close()
    waiter.join(5)
    assert woken


def _wait_in_thread(store: SqlStore) -> tuple[threading.Thread, list[float]]:
    woken: list[float] = []
    is_ready = threading.Event()

    def wait() -> None:
        claim(store)
        is_ready.set()
        woken.append(_time_wait(store, 20))

    waiter = threading.Thread(target=wait)
    waiter.start()
    assert is_ready.wait(5)
    return waiter, woken


def _time_wait(store: SqlStore, seconds: float) -> float:
    began = time.monotonic()
    store.queue.wait(seconds)
    return time.monotonic() - began
