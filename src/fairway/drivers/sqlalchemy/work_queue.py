"""The work queue: one row per kind and key.

Belongs here: marking, leasing, releasing. How a row reads:

- `due_at` is when the key falls due; claiming moves it to `was_due_at`, so that what is there
  afterwards was marked during the work.
- `lease_until` is set while the key is leased. A lease that ended unreleased is work to do again.
- a key is dirty while `generation` is above `done_generation`; it is due when its lease ends or,
  without one, at `due_at` (`schema.work_ready_at`), and NULL is never.

Every step is one statement, atomic by itself on both databases. On PostgreSQL, claimers skip rows
that others are claiming.
"""

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from fairway.drivers.sqlalchemy.codec import Moment
from fairway.drivers.sqlalchemy.database import Database
from fairway.drivers.sqlalchemy.dialect import Columns, Dialect
from fairway.drivers.sqlalchemy.schema import work, work_ready_at
from fairway.drivers.sqlalchemy.wakeup import Wakeup
from fairway.ports.clock import Clock
from fairway.ports.store.work_queue import Lease, Marker, WorkQueue

_LEASE = (work.c.kind, work.c.key, work.c.token, work.c.generation, work.c.attempts)


class SqlMarker(Marker):
    """Marks and fences within the transaction of `connection`."""

    def __init__(self, connection: Connection, dialect: Dialect, clock: Clock) -> None:
        self._connection = connection
        self._dialect = dialect
        self._clock = clock
        self.has_marked = False

    def mark(self, kind: str, key: str, *, due_at: datetime | None = None) -> None:
        row = {
            "kind": kind,
            "key": key,
            "generation": 1,
            "done_generation": 0,
            "due_at": due_at or self._clock.now(),
            "attempts": 0,
        }
        self._connection.execute(self._dialect.make_put(work, change=_make_mark), row)
        self.has_marked = True

    def holds(self, lease: Lease) -> bool:
        # The row's lock keeps others from claiming it; SQLite has none and needs none.
        return self._connection.execute(_HOLD, _name(lease)).scalar() is not None


class SqlWorkQueue(WorkQueue):
    """Leases keys, each call in its own transaction."""

    def __init__(self, database: Database, clock: Clock, wakeup: Wakeup) -> None:
        self._database = database
        self._clock = clock
        self._wakeup = wakeup

    def claim(
        self, kinds: Iterable[str], *, owner: str, lease_seconds: float, limit: int = 1
    ) -> tuple[Lease, ...]:
        self._wakeup.begin_look()
        now = self._clock.now()
        parameters = {
            "kinds": tuple(kinds),
            "now": now,
            "limit": limit,
            "new_owner": owner,
            "new_lease_until": now + timedelta(seconds=lease_seconds),
            # One token serves all keys of a claim: it fences each together with the key.
            "new_token": uuid.uuid4().hex,
        }
        with self._database.step() as connection:
            rows = connection.execute(_CLAIM, parameters).all()
        return tuple(
            Lease(kind=kind, key=key, token=token, generation=generation, attempts=attempts)
            for kind, key, token, generation, attempts, _ in sorted(rows, key=_order_of)
        )

    def renew(self, lease: Lease, *, lease_seconds: float) -> bool:
        until = self._clock.now() + timedelta(seconds=lease_seconds)
        return self._write(_RENEW, lease, {"new_lease_until": until})

    def finish(self, lease: Lease, *, again_at: datetime | None = None) -> bool:
        if again_at is None:
            return self._write(_FINISH, lease, {})
        return self._write(_FINISH_AGAIN, lease, {"again_at": again_at})

    def fail(self, lease: Lease, *, again_at: datetime) -> bool:
        return self._write(_FAIL, lease, {"again_at": again_at})

    def expire_leases(self) -> int:
        with self._database.step() as connection:
            return connection.execute(_EXPIRE, {"now": self._clock.now()}).rowcount

    def wait(self, timeout_seconds: float) -> None:
        self._wakeup.wait(timeout_seconds)

    def _write(self, statement: sa.Update, lease: Lease, values: Mapping[str, datetime]) -> bool:
        """Change the lease's row, if the lease is still its holder's."""
        with self._database.step() as connection:
            return connection.execute(statement, {**_name(lease), **values}).rowcount == 1


def _name(lease: Lease) -> Mapping[str, object]:
    """Return the values of the parameters in `_IS_HELD`, and the generation that was leased."""
    return {
        "of_kind": lease.kind,
        "of_key": lease.key,
        "of_token": lease.token,
        "of_generation": lease.generation,
    }


def _order_of(row: sa.Row[Any]) -> tuple[datetime, str, str]:
    return row.was_due_at, row.kind, row.key


def _make_earlier(due_at: sa.ColumnElement[datetime]) -> sa.ColumnElement[datetime]:
    """Return the earlier of the row's due time, if it has one, and `due_at`."""
    return sa.case((work.c.due_at <= due_at, work.c.due_at), else_=due_at)


def _make_mark(row: Columns, new: Columns) -> Mapping[str, object]:
    return {"generation": row.generation + 1, "due_at": _make_earlier(new.due_at)}


def _make_claim() -> sa.Update:
    due = (
        sa.select(work.c.kind, work.c.key, work_ready_at.label("ready_at"))
        .where(
            work_ready_at <= sa.bindparam("now", type_=Moment),
            # As an expression, so that the index on when a row is ready is the one to choose.
            (work.c.kind + "").in_(sa.bindparam("kinds", expanding=True)),
        )
        .order_by(work_ready_at, work.c.kind, work.c.key)
        .limit(sa.bindparam("limit", type_=sa.Integer))
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    return (
        sa.update(work)
        .where(work.c.kind == due.c.kind, work.c.key == due.c.key)
        .values(
            due_at=None,
            was_due_at=due.c.ready_at,
            owner=sa.bindparam("new_owner"),
            lease_until=sa.bindparam("new_lease_until"),
            token=sa.bindparam("new_token"),
        )
        .returning(*_LEASE, work.c.was_due_at)
    )


# Statements are made once: making one costs more than running it.
_AGAIN_AT = sa.bindparam("again_at", type_=Moment)
_IS_HELD = sa.and_(
    work.c.kind == sa.bindparam("of_kind"),
    work.c.key == sa.bindparam("of_key"),
    work.c.token == sa.bindparam("of_token"),
)
_HOLD = sa.select(work.c.generation).where(_IS_HELD).with_for_update()
_CLAIM = _make_claim()
_RENEW = sa.update(work).where(_IS_HELD).values(lease_until=sa.bindparam("new_lease_until"))
_NOW = sa.bindparam("now", type_=Moment)
# Without its token, a lease that is taken over at once cannot be renewed by its old holder.
_EXPIRE = sa.update(work).where(work.c.lease_until > _NOW).values(lease_until=_NOW, token=None)
_FREE = (
    sa.update(work)
    .where(_IS_HELD)
    .values(owner=None, lease_until=None, token=None, was_due_at=None)
)
_FINISH = _FREE.values(done_generation=sa.bindparam("of_generation"), attempts=0)
_FINISH_AGAIN = _FINISH.values(generation=work.c.generation + 1, due_at=_make_earlier(_AGAIN_AT))
_FAIL = _FREE.values(attempts=work.c.attempts + 1, due_at=_make_earlier(_AGAIN_AT))
