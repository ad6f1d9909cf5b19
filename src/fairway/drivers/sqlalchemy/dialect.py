"""What differs between the two databases.

Belongs here: the questions. Never here: an answer (`sqlite`, `postgresql`); no other module asks
which database it talks to.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from fairway.kits.errors import Problem

Columns: TypeAlias = ReadOnlyColumnCollection[str, Any]
# From the columns of a row that is there and of one to insert, what to set, by column.
Change: TypeAlias = Callable[[Columns, Columns], Mapping[str, Any]]

# A test of a column or of what stands for one.
Test: TypeAlias = Callable[[sa.ColumnElement[Any]], sa.ColumnElement[bool]]


def overwrite(old: Columns, new: Columns) -> Mapping[str, Any]:
    """Set every column to what was to be inserted."""
    return {column.name: new[column.name] for column in old}


def overwrite_and_count(old: Columns, new: Columns) -> Mapping[str, Any]:
    """Set every column to what was to be inserted, and count the row's revision up."""
    return {**overwrite(old, new), "revision": old.revision + 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Engines:
    """Three ways into one database.

    `reader` opens transactions that see one state and cannot write; `writer` opens those that
    happen one after the other; `stepper` opens those of the queue, each a single statement.
    """

    reader: Engine
    writer: Engine
    stepper: Engine

    def dispose(self) -> None:
        for engine in {self.reader, self.writer, self.stepper}:
            engine.dispose()


class Listener(Protocol):
    """Hears of marks that other processes commit."""

    def close(self) -> None:
        """Stop listening; returns once the listener's thread has ended."""


def bind_rows(
    connection: Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]
) -> Iterator[list[Any]]:
    """Yield the values of each row as the database's driver takes them."""
    types = [table.c[name].type for name in rows[0]]
    found = enumerate(type_.bind_processor(connection.dialect) for type_ in types)
    binders = [(place, bind) for place, bind in found if bind]
    for row in rows:
        values = list(row.values())
        for place, bind in binders:
            values[place] = bind(values[place])
        yield values


class Dialect(ABC):
    """One database's answers."""

    # How long a waiter may sleep without missing a mark of another process; None: it is told.
    poll_seconds: float | None
    # What the database's driver raises; SQLAlchemy wraps it where it stands in between.
    driver_error: type[Exception]

    def __init__(self) -> None:
        # Making such a statement costs more than running it.
        self._puts: dict[tuple[sa.Table, tuple[str, ...], Change | None], sa.Insert] = {}

    @abstractmethod
    def make_engines(self, url: URL, *, busy_timeout_seconds: float) -> Engines:
        """Return engines whose connections are set up; connects to nothing yet."""

    @abstractmethod
    def make_problem(self, error: BaseException, store: str) -> Problem | None:
        """Return what `error` of the database's driver means to people, or None: it is a bug."""

    @abstractmethod
    def make_insert(self, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
        """Return an INSERT into `table` that can say what to do on conflict."""

    def make_put(
        self, table: sa.Table, *, key: tuple[str, ...] = (), change: Change | None = None
    ) -> sa.Insert:
        """Return an INSERT that updates the row when one with its `key` exists.

        `key` is the primary key by default. `change` gets the columns of the row that is there
        and of the one that was to be inserted; by default all but the key are overwritten.
        """
        made = self._puts.get((table, key, change))
        if made is None:
            insert = self.make_insert(table)
            names = key or tuple(column.name for column in table.primary_key)
            new = insert.excluded
            values = change(table.c, new) if change else overwrite(table.c, new)
            made = insert.on_conflict_do_update(
                index_elements=list(names),
                set_={name: value for name, value in values.items() if name not in names},
            )
            self._puts[table, key, change] = made
        return made

    def make_add(self, table: sa.Table) -> sa.Insert:
        """Return an INSERT that does nothing when the row exists."""
        return self.make_insert(table).on_conflict_do_nothing()

    @abstractmethod
    def insert_many(
        self, connection: Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]
    ) -> None:
        """Insert rows, all with the same columns, in the fastest way there is."""

    @abstractmethod
    def refresh_statistics(self, connection: Connection, tables: Sequence[sa.Table]) -> None:
        """Tell the database's planner that much of `tables` has changed."""

    @abstractmethod
    def notify(self, connection: Connection) -> None:
        """Tell listeners of other processes, at this transaction's commit, of its marks."""

    @abstractmethod
    def listen(self, engine: Engine, wake: Callable[[], None]) -> Listener | None:
        """Call `wake` whenever a process commits marks, until closed; `engine` is the stepper."""

    @abstractmethod
    def put_texts(self, connection: Connection, texts: Mapping[int, str]) -> None:
        """Make entities, by id and not known before, findable by what their folded text holds."""

    @abstractmethod
    def remove_texts(self, connection: Connection, ids: Sequence[int]) -> None:
        """Make the entities unfindable."""

    @abstractmethod
    def select_texts(self, words: Sequence[str]) -> sa.Select[int]:
        """Return a query for the ids of entities whose text holds all of the folded `words`."""

    @abstractmethod
    def make_json_condition(
        self, document: sa.ColumnElement[Any], path: Sequence[str], holds: Test | None
    ) -> sa.ColumnElement[bool]:
        """Return whether `holds` of a folded value that the document has at `path`; None: of any.

        A list has each of its items, at the end of the path and on the way.
        """

    @abstractmethod
    def make_json_text(
        self, document: sa.ColumnElement[Any], path: Sequence[str]
    ) -> sa.ColumnElement[Any]:
        """Return the folded text at `path`, empty for none."""
