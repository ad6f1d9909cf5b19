"""PostgreSQL as a subject of the contract suite."""

from collections.abc import Callable

import psycopg
from psycopg import sql

from fairway.kits.canonical import JsonObject
from fairway.ports.provisioner import Provisioner
from tests.contract.provisioner.subject import Subject


class PostgresqlSubject(Subject):
    """A PostgreSQL server; `conninfo` is that of a superuser, `admin` whom the driver uses."""

    type = "postgres"

    def __init__(
        self, open_: Callable[[], Provisioner], *, inputs: JsonObject, conninfo: str, admin: str
    ) -> None:
        self.open = open_
        self.inputs = inputs
        self._conninfo = conninfo
        self._admin = admin

    def can_use(self, outputs: JsonObject) -> bool:
        try:
            with psycopg.connect(str(outputs["url"])) as session:
                session.execute("CREATE TABLE used (id int)")
                session.rollback()
        except psycopg.OperationalError:
            return False
        return True

    def write(self, outputs: JsonObject) -> None:
        with psycopg.connect(str(outputs["url"])) as session:
            session.execute("CREATE TABLE orders AS SELECT generate_series(1, 1000) AS id")

    def has_written(self, outputs: JsonObject) -> bool:
        with psycopg.connect(str(outputs["url"])) as session:
            row = session.execute("SELECT to_regclass('public.orders') IS NOT NULL").fetchone()
        return row == (True,)

    def list_damages(self, outputs: JsonObject) -> dict[str, Callable[[], object]]:
        name = str(outputs["name"])
        return {
            "password": lambda: self._run("ALTER ROLE {} PASSWORD 'another'", name),
            "login": lambda: self._run("ALTER ROLE {} NOLOGIN", name),
            "privileges": lambda: self._run("ALTER ROLE {} CREATEDB", name),
            "owner": lambda: self._run(f"ALTER DATABASE {{}} OWNER TO {self._admin}", name),
            "access": lambda: self._run("GRANT CONNECT ON DATABASE {} TO PUBLIC", name),
            "database": lambda: self._run("DROP DATABASE {}", name),
        }

    def make_foreign(self, outputs: JsonObject) -> None:
        self._run("CREATE DATABASE {}", str(outputs["name"]))

    def remove_foreign(self, outputs: JsonObject) -> None:
        self._run("DROP DATABASE {}", str(outputs["name"]))

    def list_things(self) -> tuple[str, ...]:
        with psycopg.connect(self._conninfo) as session:
            rows = session.execute(
                "SELECT 'role ' || rolname FROM pg_roles WHERE rolname ~ '^orders_' "
                "UNION ALL SELECT 'database ' || datname FROM pg_database "
                "WHERE datname ~ '^orders_' ORDER BY 1"
            ).fetchall()
        return tuple(str(row[0]) for row in rows)

    def _run(self, statement: str, name: str) -> None:
        with psycopg.connect(self._conninfo, autocommit=True) as session:
            session.execute(sql.SQL(statement).format(sql.Identifier(name)))
