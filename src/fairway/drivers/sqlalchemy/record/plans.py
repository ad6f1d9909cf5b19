"""Plans by digest, and their approvals."""

import re

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from fairway.drivers.sqlalchemy.codec import make_row
from fairway.drivers.sqlalchemy.dialect import Dialect
from fairway.drivers.sqlalchemy.schema import approvals, plans
from fairway.kits.digest import Digest
from fairway.kits.errors import Refused
from fairway.ports.store.plans import Approval, Plans, StoredPlan

_PREFIX = re.compile(r"(?:sha256:)?([0-9a-f]{1,64})")


class SqlPlans(Plans):
    """The tables `plans` and `approvals`."""

    def __init__(self, connection: Connection, dialect: Dialect) -> None:
        self._connection = connection
        self._dialect = dialect

    def put(self, plan: StoredPlan) -> None:
        self._connection.execute(self._dialect.make_add(plans), make_row(plan))

    def find(self, digest_prefix: str) -> StoredPlan | None:
        match = _PREFIX.fullmatch(digest_prefix.lower())
        if match is None:
            return None
        prefix = f"sha256:{match[1]}"
        # `g` sorts after every hexadecimal digit.
        query = (
            sa.select(plans)
            .where(plans.c.digest >= prefix, plans.c.digest < f"{prefix}g")
            .order_by(plans.c.digest)
            .limit(2)
        )
        rows = self._connection.execute(query).mappings().all()
        if len(rows) > 1:
            raise Refused(
                "PLAN-AMBIGUOUS",
                what=f"cannot find plan '{digest_prefix}'",
                why=f"{rows[0]['digest']} and {rows[1]['digest']} both start so",
                fix="give more digits of the digest",
            )
        return StoredPlan(**rows[0]) if rows else None

    def attach_run(self, digest: Digest, run: int) -> None:
        self._connection.execute(sa.update(plans).where(plans.c.digest == digest).values(run=run))

    def add_approval(self, approval: Approval) -> None:
        self._connection.execute(self._dialect.make_add(approvals), make_row(approval))

    def list_approvals(self, digest: Digest) -> tuple[Approval, ...]:
        query = (
            sa.select(approvals)
            .where(approvals.c.plan == digest)
            .order_by(approvals.c.at, approvals.c.user)
        )
        return tuple(Approval(**row) for row in self._connection.execute(query).mappings())
