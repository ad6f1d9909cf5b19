"""Pages of entities, by keyset: a page costs the same wherever it is.

Belongs here: orders and cursors. A cursor is the order, the direction of travel, and the place of
the row beyond which the page begins; whoever holds one needs to know none of that.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from fairway.drivers.sqlalchemy.catalog.condition import make_conditions
from fairway.drivers.sqlalchemy.catalog.count import count_matches
from fairway.drivers.sqlalchemy.catalog.index import COLUMNS
from fairway.drivers.sqlalchemy.catalog.row import CURRENT, make_stored
from fairway.drivers.sqlalchemy.codec import Moment, from_microseconds, to_microseconds
from fairway.drivers.sqlalchemy.dialect import Dialect
from fairway.drivers.sqlalchemy.schema import entities, entity_revisions
from fairway.kits.errors import Refused
from fairway.ports.store.entities import EntityPage, EntityQuery

_COLUMNS: Mapping[str, sa.Column[Any]] = {
    "updatedAt": entities.c.updated_at,
    **{path: entities.c[column] for path, column in COLUMNS.items()},
    **{path.rpartition(".")[2]: entities.c[column] for path, column in COLUMNS.items()},
}
# Every entity has these; of any other path, what has no value comes last.
_ALWAYS = {"updated_at", "uid", "api_version", "kind", "namespace", "name"}
_OPEN_ROOTS = ("metadata.", "spec.")
_MOST_KEYS = 5
# In microseconds, the last moment that there is; also more than any id.
_LATEST = to_microseconds(datetime.max.replace(tzinfo=UTC))


class _Cursor(msgspec.Struct, array_like=True, frozen=True):
    order: str
    is_backward: bool
    place: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class _Key:
    """What rows are sorted by, one after the other; the last key of an order is unique."""

    value: sa.ColumnElement[Any]
    is_descending: bool


def read_page(connection: Connection, dialect: Dialect, query: EntityQuery) -> EntityPage:
    """Return the page of `query`.

    Raises:
        Refused: CURSOR-INVALID, QUERY-ORDER.
    """
    keys = _parse_order(query.order, dialect)
    cursor = None if query.cursor is None else _parse_cursor(query.cursor, query.order, keys)
    is_backward = cursor is not None and cursor.is_backward
    places = [key.value.label(f"place_{index}") for index, key in enumerate(keys)]
    select = CURRENT.add_columns(*places).where(*make_conditions(query, dialect))
    # Reading backward from a descending list is reading forward.
    travel = [_Key(key.value, key.is_descending != is_backward) for key in keys]
    select = select.order_by(
        *(key.value.desc() if key.is_descending else key.value.asc() for key in travel)
    )
    if cursor is not None:
        select = select.where(_is_beyond(travel, _bind(cursor, keys)))
    elif query.offset:
        select = select.offset(query.offset)
    rows = connection.execute(select.limit(query.limit + 1)).mappings().all()
    has_more = len(rows) > query.limit
    rows = rows[: query.limit]
    if is_backward:
        rows = rows[::-1]
    has_next = has_more if not is_backward else True
    has_previous = has_more if is_backward else cursor is not None or query.offset > 0
    return EntityPage(
        items=tuple(make_stored(row) for row in rows),
        total=count_matches(connection, dialect, query) if query.is_counted else 0,
        next_cursor=_render_cursor(query.order, rows[-1], keys) if rows and has_next else None,
        previous_cursor=_render_cursor(query.order, rows[0], keys, is_backward=True)
        if rows and has_previous
        else None,
    )


def _parse_order(order: str, dialect: Dialect) -> list[_Key]:
    keys: list[_Key] = []
    for item in order.split(","):
        path, is_descending = item.removeprefix("-"), item.startswith("-")
        column: sa.ColumnElement[Any] | None = _COLUMNS.get(path)
        if column is None and path.startswith(_OPEN_ROOTS):
            column = dialect.make_json_text(entity_revisions.c.document, path.split("."))
        if column is None or len(keys) > _MOST_KEYS:
            raise _refuse_order(order)
        if not (isinstance(column, sa.Column) and column.name in _ALWAYS):
            keys.append(_Key(sa.case((column == "", 1), else_=0), is_descending=False))
        keys.append(_Key(column, is_descending))
    return [*keys, _Key(entities.c.id, keys[-1].is_descending)]


def _refuse_order(order: str) -> Refused:
    return Refused(
        "QUERY-ORDER",
        what="cannot list entities",
        why=f"they cannot be ordered by '{order}'",
        fix=f"order by one of {', '.join(sorted(_COLUMNS))}, with - before it to reverse",
        status=400,
    )


def _is_beyond(
    keys: Sequence[_Key], place: Sequence[sa.ColumnElement[Any]]
) -> sa.ColumnElement[bool]:
    """Return whether a row comes after `place` in the direction of travel."""
    if len({key.is_descending for key in keys}) == 1:
        row, bound = sa.tuple_(*(key.value for key in keys)), sa.tuple_(*place)
        return row < bound if keys[0].is_descending else row > bound
    beyond: sa.ColumnElement[bool] = sa.false()
    for key, value in zip(reversed(keys), reversed(place), strict=True):
        is_past = key.value < value if key.is_descending else key.value > value
        beyond = is_past | ((key.value == value) & beyond)
    return beyond


def _render_cursor(
    order: str, row: Mapping[Any, Any], keys: Sequence[_Key], *, is_backward: bool = False
) -> str:
    values = [row[f"place_{index}"] for index in range(len(keys))]
    place = tuple(
        value if isinstance(value, str | int) else to_microseconds(value) for value in values
    )
    cursor = _Cursor(order, is_backward, place)
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode().rstrip("=")


def _parse_cursor(text: str, order: str, keys: Sequence[_Key]) -> _Cursor:
    try:
        padded = text.encode() + b"=" * (-len(text) % 4)
        cursor = msgspec.json.decode(base64.urlsafe_b64decode(padded), type=_Cursor)
    except (binascii.Error, UnicodeError, msgspec.MsgspecError) as error:
        raise _make_cursor_problem("it is none that a page gave") from error
    forms = [_is_text(key.value) for key in keys]
    if cursor.order != order or [isinstance(item, str) for item in cursor.place] != forms:
        raise _make_cursor_problem(f"it is for the order '{cursor.order}', not '{order}'")
    if any(isinstance(item, int) and not 0 <= item < _LATEST for item in cursor.place):
        raise _make_cursor_problem("it is none that a page gave")
    return cursor


def _make_cursor_problem(why: str) -> Refused:
    return Refused(
        "CURSOR-INVALID",
        what="cannot list entities from the cursor",
        why=why,
        fix="leave the cursor out to start at the first page",
        status=400,
    )


def _is_text(value: sa.ColumnElement[Any]) -> bool:
    return not isinstance(value.type, sa.Integer | Moment)


def _bind(cursor: _Cursor, keys: Sequence[_Key]) -> list[sa.ColumnElement[Any]]:
    return [
        sa.literal(
            from_microseconds(int(value)) if isinstance(key.value.type, Moment) else value,
            key.value.type,
        )
        for key, value in zip(keys, cursor.place, strict=True)
    ]
