"""A role and its database: what is there, and each change.

Belongs here: the statements. Every change is idempotent and safe to be cut off after. The comment
of the role says whose it is; a database belongs to the owner of the role that owns it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import sql

from fairway.drivers.local_server.tenant import Owner
from fairway.drivers.postgresql.connection import Session

_STATE = """
SELECT (r.oid IS NOT NULL), coalesce(shobj_description(r.oid, 'pg_authid'), ''),
       coalesce(r.rolcanlogin, false),
       concat_ws(' ', CASE WHEN r.rolsuper THEN 'SUPERUSER' END,
                      CASE WHEN r.rolcreatedb THEN 'CREATEDB' END,
                      CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END,
                      CASE WHEN r.rolreplication THEN 'REPLICATION' END,
                      CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END),
       (d.oid IS NOT NULL), coalesce(shobj_description(d.oid, 'pg_database'), ''),
       coalesce(pg_get_userbyid(d.datdba), ''),
       EXISTS (SELECT FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
               WHERE a.grantee = 0)
  FROM (VALUES (%s)) AS wanted (name)
  LEFT JOIN pg_roles r ON r.rolname = wanted.name
  LEFT JOIN pg_database d ON d.datname = wanted.name
"""
_TABLES = """
SELECT count(*), coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint,
       (SELECT count(*) FROM pg_largeobject_metadata)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseState:
    """The role and the database of one name, as they are.

    `privileges` are the role's attributes beyond logging in, such as CREATEDB.
    """

    has_role: bool
    role_comment: str
    can_log_in: bool
    privileges: tuple[str, ...]
    has_database: bool
    database_comment: str
    database_owner: str
    is_public: bool


def read_state(session: Session, name: str) -> DatabaseState:
    """Return what there is of `name`."""
    row = session.execute(_STATE, (name,)).fetchone()
    assert row
    return DatabaseState(
        has_role=bool(row[0]),
        role_comment=str(row[1]),
        can_log_in=bool(row[2]),
        privileges=tuple(str(row[3]).split()),
        has_database=bool(row[4]),
        database_comment=str(row[5]),
        database_owner=str(row[6]),
        is_public=bool(row[7]),
    )


def find_foreign(state: DatabaseState, *, name: str, owner: Owner) -> str | None:
    """Return which part of `name` is not `owner`'s, for people, or None."""
    comment = render_comment(owner)
    is_ours = state.has_role and state.role_comment == comment
    if state.has_role and not is_ours:
        return f"role '{name}' exists"
    is_held = is_ours and state.database_owner == name
    if state.has_database and not is_held and state.database_comment != comment:
        return f"database '{name}' exists"
    return None


def render_comment(owner: Owner) -> str:
    """Return the comment that marks a role or a database as `owner`'s."""
    return json.dumps(dict(owner.as_mapping()))


def lock(session: Session, name: str) -> None:
    """Keep other sessions from changing `name` until this one ends.

    The statement of a client that was killed goes on in the server: this waits for its end.
    """
    session.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", (f"fairway {name}",))


def apply_role(session: Session, state: DatabaseState, *, name: str, owner: Owner) -> None:
    """Make the role, or take back every privilege it should not have; it cannot log in yet."""
    role = sql.Identifier(name)
    if not state.has_role:
        with session.transaction():
            session.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(role))
            _comment(session, "ROLE", name, owner)
    elif state.privileges:
        # Only those it has: naming SUPERUSER, even to deny it, takes a superuser.
        denied = sql.SQL(" ").join(sql.SQL(f"NO{name}") for name in state.privileges)
        session.execute(sql.SQL("ALTER ROLE {} {}").format(role, denied))
    # To make a database for a role, an administrator who is no superuser must be its member.
    if not _is_superuser(session):
        session.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(role))


def apply_database(session: Session, state: DatabaseState, *, name: str, owner: Owner) -> None:
    """Make the database, the role's own and closed to everybody else."""
    database = sql.Identifier(name)
    if not state.has_database:
        session.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8'").format(
                database, database
            )
        )
    elif state.database_owner != name:
        session.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(database, database))
    if state.database_comment != render_comment(owner):
        _comment(session, "DATABASE", name, owner)
    if state.is_public or not state.has_database:
        session.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))


def apply_schema(session: Session, *, name: str, extensions: Sequence[str]) -> None:
    """Give the schema `public` to the role and add extensions; `session` is in the database."""
    row = session.execute(
        "SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'public'"
    ).fetchone()
    if row and row[0] != name:
        session.execute(sql.SQL("ALTER SCHEMA public OWNER TO {}").format(sql.Identifier(name)))
    for extension in list_missing_extensions(session, extensions):
        session.execute(
            sql.SQL("CREATE EXTENSION IF NOT EXISTS {} SCHEMA public CASCADE").format(
                sql.Identifier(extension)
            )
        )


def list_missing_extensions(session: Session, extensions: Sequence[str]) -> tuple[str, ...]:
    """Return those of `extensions` that the session's database does not have."""
    rows = session.execute("SELECT extname FROM pg_extension").fetchall()
    present = {str(row[0]) for row in rows}
    return tuple(name for name in extensions if name not in present)


def list_available_extensions(session: Session) -> tuple[str, ...]:
    """Return the extensions that the server could add."""
    rows = session.execute("SELECT name FROM pg_available_extensions ORDER BY name").fetchall()
    return tuple(str(row[0]) for row in rows)


def set_password(session: Session, *, name: str, password: str) -> None:
    """Let the role log in with `password`, of which the server, and its log, see no clear text."""
    verifier = session.pgconn.encrypt_password(
        password.encode(), name.encode(), b"scram-sha-256"
    ).decode()
    session.execute(
        sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(
            sql.Identifier(name), sql.Literal(verifier)
        )
    )


def remove_access(session: Session, name: str) -> None:
    """Keep the role from logging in and end its sessions; the data stays."""
    session.execute(sql.SQL("ALTER ROLE {} NOLOGIN PASSWORD NULL").format(sql.Identifier(name)))
    end_sessions(session, name)


def end_sessions(session: Session, name: str) -> None:
    """End every session of the role."""
    session.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", (name,)
    )


def drop(session: Session, name: str) -> None:
    """Drop the database, whoever uses it, and then the role.

    Raises:
        psycopg.errors.DependentObjectsStillExist: the role owns something in another database.
    """
    identifier = sql.Identifier(name)
    session.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(identifier))
    session.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(identifier))


def count_tables(session: Session) -> tuple[int, int, int]:
    """Return tables, their bytes with indexes, and large objects of the session's database."""
    row = session.execute(_TABLES).fetchone()
    assert row
    return int(str(row[0])), int(str(row[1])), int(str(row[2]))


def _comment(session: Session, kind: str, name: str, owner: Owner) -> None:
    session.execute(
        sql.SQL("COMMENT ON {} {} IS {}").format(
            sql.SQL(kind), sql.Identifier(name), sql.Literal(render_comment(owner))
        )
    )


def _is_superuser(session: Session) -> bool:
    return session.pgconn.parameter_status(b"is_superuser") == b"on"
