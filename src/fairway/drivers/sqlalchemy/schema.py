"""The tables, as the code sees them.

Belongs here: every table but those of `source_schema`, and `entity_texts`, whose shape differs
(`sqlite`, `postgresql`).
Never here: how they came to be (`migration`); a contract test holds that both agree. A column
is named as the field it holds. Ids are compared and sorted by code point on both databases.
"""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy import Boolean, Column, Integer, LargeBinary, Table

from fairway.core.graph.live import NodeId, SealedValue
from fairway.core.release.release import Commit, Layer, TestReport
from fairway.core.run.run import Failure
from fairway.core.workload.workload import Workload
from fairway.drivers.sqlalchemy.codec import Json, Moment

METADATA = sa.MetaData()
# Linguistic collations differ from server to server; code points never do.
Name = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
# SQLite counts up without reuse only in a column of exactly this type.
Count = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

work = Table(
    "work",
    METADATA,
    Column("kind", Name, primary_key=True),
    Column("key", Name, primary_key=True),
    Column("generation", sa.BigInteger, nullable=False),
    Column("done_generation", sa.BigInteger, nullable=False),
    Column("due_at", Moment),
    Column("was_due_at", Moment),
    Column("owner", sa.Text),
    Column("lease_until", Moment),
    Column("token", sa.Text),
    Column("attempts", Integer, nullable=False),
)
audit_events = Table(
    "audit_events",
    METADATA,
    Column("sequence", Count, primary_key=True),
    Column("type", sa.Text, nullable=False),
    Column("subject", Name, nullable=False),
    Column("actor", sa.Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("data", Json, nullable=False),
    sa.Index("audit_events_by_subject", "subject", "sequence"),
    sqlite_autoincrement=True,
)
users = Table(
    "users",
    METADATA,
    Column("name", Name, primary_key=True),
    Column("groups", Json(frozenset[str]), nullable=False),
    Column("is_admin", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
)
tokens = Table(
    "tokens",
    METADATA,
    Column("id", Name, primary_key=True),
    Column("user", Name, sa.ForeignKey("users.name"), nullable=False),
    Column("digest", Name, nullable=False, unique=True),
    Column("title", sa.Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    sa.Index("tokens_by_user", "user", "created_at"),
)
idempotency_keys = Table(
    "idempotency_keys",
    METADATA,
    Column("actor", Name, primary_key=True),
    Column("key", Name, primary_key=True),
    Column("request", sa.Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("at", Moment, nullable=False),
    sa.Index("idempotency_keys_by_at", "at"),
)
# One row: what only the platform that the store belongs to can open.
platform_seal = Table(
    "platform_seal",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("value", Json(SealedValue), nullable=False),
)
artifacts = Table(
    "artifacts",
    METADATA,
    Column("sequence", Count, primary_key=True),
    Column("digest", Name, nullable=False, unique=True),
    Column("component", Name, nullable=False),
    Column("source", Name, nullable=False),
    Column("layers", Json(tuple[Layer, ...]), nullable=False),
    Column("runtime", Json, nullable=False),
    Column("tests", Json(TestReport)),
    sa.Index("artifacts_by_source", "component", "source", "sequence"),
    sqlite_autoincrement=True,
)
releases = Table(
    "releases",
    METADATA,
    Column("component", Name, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("artifact", Name, sa.ForeignKey("artifacts.digest"), nullable=False),
    Column("workload", Json(Workload), nullable=False),
    Column("document", Json, nullable=False),
    Column("positions", Json, nullable=False),
    Column("commit", Json(Commit), nullable=False),
    Column("author", sa.Text, nullable=False),
    Column("created_at", Moment, nullable=False),
)
deployments = Table(
    "deployments",
    METADATA,
    Column("component", Name, primary_key=True),
    Column("environment", Name, primary_key=True),
    Column("release", Integer),
    Column("rolling", Integer),
    Column("plan", sa.Text),
    Column("author", sa.Text, nullable=False),
    Column("revision", sa.BigInteger, nullable=False),
    Column("updated_at", Moment),
    Column("is_removed", Boolean, nullable=False),
)
rollouts = Table(
    "rollouts",
    METADATA,
    Column("environment", Name, primary_key=True),
    Column("component", Name, primary_key=True),
    Column("run", sa.BigInteger, primary_key=True, autoincrement=False),
    Column("release", Integer, nullable=False),
    Column("artifact", sa.Text, nullable=False),
    Column("author", sa.Text, nullable=False),
    Column("at", Moment, nullable=False),
)
nodes = Table(
    "nodes",
    METADATA,
    Column("environment", Name, primary_key=True),
    Column("id", Name, primary_key=True),
    Column("kind", sa.Text, nullable=False),
    Column("type", sa.Text, nullable=False),
    Column("component", sa.Text, nullable=False),
    Column("driver", sa.Text, nullable=False),
    Column("provisioner", sa.Text, nullable=False),
    Column("provisioner_revision", Integer, nullable=False),
    Column("spec", Json, nullable=False),
    Column("spec_digest", sa.Text, nullable=False),
    Column("outputs", Json, nullable=False),
    Column("secrets", Json(Mapping[str, SealedValue]), nullable=False),
    Column("needs", Json(tuple[NodeId, ...]), nullable=False),
    Column("on_delete", sa.Text, nullable=False),
    Column("state", sa.Text, nullable=False),
    Column("holder", sa.Text, nullable=False),
    Column("revision", sa.BigInteger, nullable=False),
    Column("is_removed", Boolean, nullable=False),
)
node_consumers = Table(
    "node_consumers",
    METADATA,
    Column("environment", Name, primary_key=True),
    Column("node", Name, primary_key=True),
    Column("consumer", Name, primary_key=True),
    sa.ForeignKeyConstraint(["environment", "node"], ["nodes.environment", "nodes.id"]),
    sa.Index("node_consumers_by_consumer", "consumer", "environment", "node"),
)
plans = Table(
    "plans",
    METADATA,
    Column("digest", Name, primary_key=True),
    Column("environment", sa.Text, nullable=False),
    Column("component", sa.Text, nullable=False),
    Column("release", Integer),
    Column("content", LargeBinary, nullable=False),
    Column("author", sa.Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("run", sa.BigInteger),
)
approvals = Table(
    "approvals",
    METADATA,
    Column("plan", Name, sa.ForeignKey("plans.digest"), primary_key=True),
    Column("user", Name, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("comment", sa.Text, nullable=False),
)
runs = Table(
    "runs",
    METADATA,
    Column("id", Count, primary_key=True),
    Column("kind", sa.Text, nullable=False),
    Column("subject", Name, nullable=False),
    Column("lane", Name, nullable=False),
    Column("actor", sa.Text, nullable=False),
    Column("input", Json, nullable=False),
    Column("state", Name, nullable=False),
    Column("is_cancel_requested", Boolean, nullable=False),
    Column("deadline", Moment),
    Column("failure", Json(Failure)),
    Column("output", Json, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("started_at", Moment),
    Column("ended_at", Moment),
    Column("request", Name),
    sa.Index("runs_by_request", "request", unique=True),
    sa.Index("runs_by_lane", "lane", "state", "id"),
    sa.Index("runs_by_subject", "subject", "id"),
    sa.Index("runs_by_state", "state", "id"),
    sqlite_autoincrement=True,
)
run_steps = Table(
    "run_steps",
    METADATA,
    Column("run", sa.BigInteger, sa.ForeignKey("runs.id"), primary_key=True),
    Column("index", Integer, primary_key=True, autoincrement=False),
    Column("kind", sa.Text, nullable=False),
    Column("name", sa.Text, nullable=False),
    Column("key", sa.Text, nullable=False),
    Column("input", Json, nullable=False),
    Column("needs", Json(tuple[int, ...]), nullable=False),
    Column("is_always_run", Boolean, nullable=False),
    Column("is_protected", Boolean, nullable=False),
    Column("state", sa.Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("output", Json, nullable=False),
    Column("failure", Json(Failure)),
    Column("started_at", Moment),
    Column("ended_at", Moment),
)
run_events = Table(
    "run_events",
    METADATA,
    Column("run", sa.BigInteger, sa.ForeignKey("runs.id"), primary_key=True),
    Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("kind", sa.Text, nullable=False),
    Column("step", Integer),
    Column("data", Json, nullable=False),
)
# Current entities, by what is filtered and sorted; all but ids folded to lower case, absent is ''.
entities = Table(
    "entities",
    METADATA,
    Column("id", Count, primary_key=True, autoincrement=False),
    Column("ref", Name, nullable=False, unique=True),
    Column("revision", Integer, nullable=False),
    Column("uid", Name, nullable=False),
    Column("api_version", Name, nullable=False),
    Column("kind", Name, nullable=False),
    Column("namespace", Name, nullable=False),
    Column("name", Name, nullable=False),
    Column("title", Name, nullable=False),
    Column("type", Name, nullable=False),
    Column("lifecycle", Name, nullable=False),
    Column("owner", Name, nullable=False),
    Column("system", Name, nullable=False),
    Column("updated_at", Moment, nullable=False),
    sa.ForeignKeyConstraint(
        ["ref", "revision"], ["entity_revisions.ref", "entity_revisions.revision"]
    ),
    sa.Index("entities_by_name", "name", "id"),
    sa.Index("entities_by_kind", "kind", "name", "id"),
    sa.Index("entities_by_type", "kind", "type", "name", "id"),
    sa.Index("entities_by_owner", "owner", "name", "id"),
    sa.Index("entities_by_system", "system", "name", "id"),
    sa.Index("entities_by_update", "updated_at", "id"),
)
entity_revisions = Table(
    "entity_revisions",
    METADATA,
    Column("ref", Name, primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("uid", sa.Text, nullable=False),
    Column("digest", sa.Text, nullable=False),
    Column("document", Json, nullable=False),
    Column("location", sa.Text, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("updated_by", sa.Text, nullable=False),
    Column("is_deleted", Boolean, nullable=False),
)
# Every relation once, in the first direction of its pair, by the end whose document implies it.
entity_relations = Table(
    "entity_relations",
    METADATA,
    Column("source", Name, primary_key=True),
    Column("type", Name, primary_key=True),
    Column("target", Name, primary_key=True),
    Column("is_by_target", Boolean, primary_key=True),
    sa.Index("entity_relations_by_target", "target", "type", "source"),
    sqlite_with_rowid=False,
)
# Tags, labels and annotations, the open parts of metadata; `path` is as filters name it.
entity_terms = Table(
    "entity_terms",
    METADATA,
    Column("path", Name, primary_key=True),
    Column("value", Name, primary_key=True),
    Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    Column("shown", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)
# How many entities of a kind have a value, kept up to date with each change.
entity_facets = Table(
    "entity_facets",
    METADATA,
    Column("path", Name, primary_key=True),
    Column("kind", Name, primary_key=True),
    Column("value", Name, primary_key=True),
    Column("shown", sa.Text, nullable=False),
    Column("count", Integer, nullable=False),
)
# What a key is claimable by: the end of its lease while it is held, else when it falls due.
work_ready_at = sa.func.coalesce(work.c.lease_until, work.c.due_at)
sa.Index("work_by_ready", work_ready_at, work.c.kind, work.c.key)
