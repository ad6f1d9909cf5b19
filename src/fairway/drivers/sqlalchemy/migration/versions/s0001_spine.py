"""The spine: queue, journal, releases, plans, live state, users, audit."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Boolean, Column, Integer, LargeBinary, Text

revision = "0001"
down_revision = None

_Name = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_Count = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_Moment = sa.BigInteger
_Json = sa.Text


def upgrade() -> None:
    """Create the tables."""
    _create_work()
    _create_audit_and_users()
    _create_releases()
    _create_live_state()
    _create_plans()
    _create_runs()


def _create_work() -> None:
    op.create_table(
        "work",
        Column("kind", _Name, primary_key=True),
        Column("key", _Name, primary_key=True),
        Column("generation", sa.BigInteger, nullable=False),
        Column("done_generation", sa.BigInteger, nullable=False),
        Column("due_at", _Moment),
        Column("was_due_at", _Moment),
        Column("owner", Text),
        Column("lease_until", _Moment),
        Column("token", Text),
        Column("attempts", Integer, nullable=False),
    )
    op.create_index(
        "work_by_ready", "work", [sa.text("coalesce(lease_until, due_at)"), "kind", "key"]
    )


def _create_audit_and_users() -> None:
    op.create_table(
        "audit_events",
        Column("sequence", _Count, primary_key=True),
        Column("type", Text, nullable=False),
        Column("subject", _Name, nullable=False),
        Column("actor", Text, nullable=False),
        Column("at", _Moment, nullable=False),
        Column("data", _Json, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("audit_events_by_subject", "audit_events", ["subject", "sequence"])
    op.create_table(
        "users",
        Column("name", _Name, primary_key=True),
        Column("groups", _Json, nullable=False),
        Column("is_admin", Boolean, nullable=False),
        Column("created_at", _Moment, nullable=False),
    )
    op.create_table(
        "tokens",
        Column("id", _Name, primary_key=True),
        Column("user", _Name, sa.ForeignKey("users.name"), nullable=False),
        Column("digest", _Name, nullable=False, unique=True),
        Column("title", Text, nullable=False),
        Column("created_at", _Moment, nullable=False),
        Column("expires_at", _Moment),
    )
    op.create_index("tokens_by_user", "tokens", ["user", "created_at"])
    op.create_table(
        "idempotency_keys",
        Column("actor", _Name, primary_key=True),
        Column("key", _Name, primary_key=True),
        Column("request", Text, nullable=False),
        Column("status", Integer, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("at", _Moment, nullable=False),
    )
    op.create_index("idempotency_keys_by_at", "idempotency_keys", ["at"])


def _create_releases() -> None:
    op.create_table(
        "artifacts",
        Column("sequence", _Count, primary_key=True),
        Column("digest", _Name, nullable=False, unique=True),
        Column("component", _Name, nullable=False),
        Column("source", _Name, nullable=False),
        Column("layers", _Json, nullable=False),
        Column("runtime", _Json, nullable=False),
        Column("tests", _Json),
        sqlite_autoincrement=True,
    )
    op.create_index("artifacts_by_source", "artifacts", ["component", "source", "sequence"])
    op.create_table(
        "releases",
        Column("component", _Name, primary_key=True),
        Column("number", Integer, primary_key=True, autoincrement=False),
        Column("artifact", _Name, sa.ForeignKey("artifacts.digest"), nullable=False),
        Column("workload", _Json, nullable=False),
        Column("document", _Json, nullable=False),
        Column("positions", _Json, nullable=False),
        Column("commit", _Json, nullable=False),
        Column("author", Text, nullable=False),
        Column("created_at", _Moment, nullable=False),
    )


def _create_live_state() -> None:
    op.create_table(
        "deployments",
        Column("component", _Name, primary_key=True),
        Column("environment", _Name, primary_key=True),
        Column("release", Integer),
        Column("rolling", Integer),
        Column("plan", Text),
        Column("author", Text, nullable=False),
        Column("revision", sa.BigInteger, nullable=False),
        Column("updated_at", _Moment),
        Column("is_removed", Boolean, nullable=False),
    )
    op.create_table(
        "rollouts",
        Column("environment", _Name, primary_key=True),
        Column("component", _Name, primary_key=True),
        Column("run", sa.BigInteger, primary_key=True, autoincrement=False),
        Column("release", Integer, nullable=False),
        Column("artifact", Text, nullable=False),
        Column("author", Text, nullable=False),
        Column("at", _Moment, nullable=False),
    )
    op.create_table(
        "nodes",
        Column("environment", _Name, primary_key=True),
        Column("id", _Name, primary_key=True),
        Column("kind", Text, nullable=False),
        Column("type", Text, nullable=False),
        Column("component", Text, nullable=False),
        Column("driver", Text, nullable=False),
        Column("provisioner", Text, nullable=False),
        Column("provisioner_revision", Integer, nullable=False),
        Column("spec", _Json, nullable=False),
        Column("spec_digest", Text, nullable=False),
        Column("outputs", _Json, nullable=False),
        Column("secrets", _Json, nullable=False),
        Column("needs", _Json, nullable=False),
        Column("on_delete", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("holder", Text, nullable=False),
        Column("revision", sa.BigInteger, nullable=False),
        Column("is_removed", Boolean, nullable=False),
    )
    op.create_table(
        "node_consumers",
        Column("environment", _Name, primary_key=True),
        Column("node", _Name, primary_key=True),
        Column("consumer", _Name, primary_key=True),
        sa.ForeignKeyConstraint(["environment", "node"], ["nodes.environment", "nodes.id"]),
    )
    op.create_index(
        "node_consumers_by_consumer", "node_consumers", ["consumer", "environment", "node"]
    )


def _create_plans() -> None:
    op.create_table(
        "plans",
        Column("digest", _Name, primary_key=True),
        Column("environment", Text, nullable=False),
        Column("component", Text, nullable=False),
        Column("release", Integer),
        Column("content", LargeBinary, nullable=False),
        Column("author", Text, nullable=False),
        Column("created_at", _Moment, nullable=False),
        Column("run", sa.BigInteger),
    )
    op.create_table(
        "approvals",
        Column("plan", _Name, sa.ForeignKey("plans.digest"), primary_key=True),
        Column("user", _Name, primary_key=True),
        Column("at", _Moment, nullable=False),
        Column("comment", Text, nullable=False),
    )


def _create_runs() -> None:
    op.create_table(
        "runs",
        Column("id", _Count, primary_key=True),
        Column("kind", Text, nullable=False),
        Column("subject", _Name, nullable=False),
        Column("lane", _Name, nullable=False),
        Column("actor", Text, nullable=False),
        Column("input", _Json, nullable=False),
        Column("state", _Name, nullable=False),
        Column("is_cancel_requested", Boolean, nullable=False),
        Column("deadline", _Moment),
        Column("failure", _Json),
        Column("output", _Json, nullable=False),
        Column("created_at", _Moment, nullable=False),
        Column("started_at", _Moment),
        Column("ended_at", _Moment),
        sqlite_autoincrement=True,
    )
    op.create_index("runs_by_lane", "runs", ["lane", "state", "id"])
    op.create_index("runs_by_subject", "runs", ["subject", "id"])
    op.create_index("runs_by_state", "runs", ["state", "id"])
    op.create_table(
        "run_steps",
        Column("run", sa.BigInteger, sa.ForeignKey("runs.id"), primary_key=True),
        Column("index", Integer, primary_key=True, autoincrement=False),
        Column("kind", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("input", _Json, nullable=False),
        Column("needs", _Json, nullable=False),
        Column("is_always_run", Boolean, nullable=False),
        Column("is_protected", Boolean, nullable=False),
        Column("state", Text, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("output", _Json, nullable=False),
        Column("failure", _Json),
        Column("started_at", _Moment),
        Column("ended_at", _Moment),
    )
    op.create_table(
        "run_events",
        Column("run", sa.BigInteger, sa.ForeignKey("runs.id"), primary_key=True),
        Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        Column("at", _Moment, nullable=False),
        Column("kind", Text, nullable=False),
        Column("step", Integer),
        Column("data", _Json, nullable=False),
    )
