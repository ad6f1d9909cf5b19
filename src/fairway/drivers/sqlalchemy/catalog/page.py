"""Pages of entities, by keyset: a page costs the same wherever it is.

Belongs here: orders and cursors. A cursor is the order, the direction of travel, and the place of
the row beyond which the page begins; whoever holds one needs to know none of that.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from fairway.drivers.sqlalchemy.catalog.condition import make_conditions
from fairway.drivers.sqlalchemy.catalog.count import count_matches
from fairway.drivers.sqlalchemy.catalog.index import COLUMNS
from fairway.drivers.sqlalchemy.catalog.row import CURRENT, make_stored
from fairway.drivers.sqlalchemy.codec import from_microseconds, to_microseconds
from fairway.drivers.sqlalchemy.dialect import Dialect
from fairway.drivers.sqlalchemy.schema import entities
from fairway.kits.errors import Refused
from fairway.ports.store.entities import EntityPage, EntityQuery

_ORDERS: Mapping[str, sa.Column[Any]] = {
    "updatedAt": entities.c.updated_at,
    **{path: entities.c[column] for path, column in COLUMNS.items()},
    **{path.rpartition(".")[2]: entities.c[column] for path, column in COLUMNS.items()},
}


class _Cursor(msgspec.Struct, array_like=True, frozen=True):
    order: str
    is_backward: bool
    value: str | int
    id: int


def read_page(connection: Connection, dialect: Dialect, query: EntityQuery) -> EntityPage:
    """Return the page of `query`.

    Raises:
        Refused: CURSOR-INVALID, QUERY-ORDER.
    """
    column, is_descending = _parse_order(query.order)
    cursor = None if query.cursor is None else _parse_cursor(query.cursor, query.order)
    is_backward = cursor is not None and cursor.is_backward
    select = CURRENT.add_columns(column.label("place")).where(*make_conditions(query, dialect))
    keys = (column, entities.c.id)
    # Reading backward from a descending list is reading forward.
    if is_upward := is_descending == is_backward:
        select = select.order_by(*(key.asc() for key in keys))
    else:
        select = select.order_by(*(key.desc() for key in keys))
    if cursor is not None:
        place = sa.tuple_(*_bind(cursor, column))
        row = sa.tuple_(*keys)
        select = select.where(row > place if is_upward else row < place)
    rows = connection.execute(select.limit(query.limit + 1)).mappings().all()
    has_more = len(rows) > query.limit
    rows = rows[: query.limit]
    if is_backward:
        rows = rows[::-1]
    has_next = has_more if not is_backward else True
    has_previous = has_more if is_backward else cursor is not None
    return EntityPage(
        items=tuple(make_stored(row) for row in rows),
        total=count_matches(connection, dialect, query),
        next_cursor=_render_cursor(query.order, rows[-1]) if rows and has_next else None,
        previous_cursor=_render_cursor(query.order, rows[0], is_backward=True)
        if rows and has_previous
        else None,
    )


def _parse_order(order: str) -> tuple[sa.Column[Any], bool]:
    column = _ORDERS.get(order.removeprefix("-"))
    if column is None:
        raise Refused(
            "QUERY-ORDER",
            what="cannot list entities",
            why=f"they cannot be ordered by '{order}'",
            fix=f"order by one of {', '.join(sorted(_ORDERS))}, with - before it to reverse",
            status=400,
        )
    return column, order.startswith("-")


def _render_cursor(order: str, row: Mapping[Any, Any], *, is_backward: bool = False) -> str:
    place = row["place"]
    value = place if isinstance(place, str) else to_microseconds(place)
    cursor = _Cursor(order, is_backward, value, row["id"])
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode().rstrip("=")


def _parse_cursor(text: str, order: str) -> _Cursor:
    try:
        padded = text.encode() + b"=" * (-len(text) % 4)
        cursor = msgspec.json.decode(base64.urlsafe_b64decode(padded), type=_Cursor)
    except (binascii.Error, UnicodeError, msgspec.MsgspecError) as error:
        raise _make_cursor_problem("it is none that a page gave") from error
    is_text = isinstance(cursor.value, str)
    if cursor.order != order or is_text == order.endswith("updatedAt"):
        raise _make_cursor_problem(f"it is for the order '{cursor.order}', not '{order}'")
    return cursor


def _make_cursor_problem(why: str) -> Refused:
    return Refused(
        "CURSOR-INVALID",
        what="cannot list entities from the cursor",
        why=why,
        fix="leave the cursor out to start at the first page",
        status=400,
    )


def _bind(cursor: _Cursor, column: sa.Column[Any]) -> tuple[sa.BindParameter[Any], ...]:
    value = cursor.value if isinstance(cursor.value, str) else from_microseconds(cursor.value)
    return sa.literal(value, column.type), sa.literal(cursor.id, entities.c.id.type)
