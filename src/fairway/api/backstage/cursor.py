"""Cursors of `by-query`: they hold the whole question, so that a client sends nothing else.

Belongs here: their wire form, which is Backstage's: base64 of JSON, with `query` where there is a
predicate, by which its client tells where to send it.
"""

import base64
import binascii

import msgspec

from fairway.kits.errors import Refused


class OrderField(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A field that entities are ordered by, `asc` or `desc`."""

    field: str
    order: str = "asc"


class FullText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text that is searched, and in which fields."""

    term: str = ""
    fields: tuple[str, ...] = ()


class Question(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What a page was asked for; `page` is the store's own cursor."""

    filter: tuple[str, ...] = ()
    query: dict[str, object] | None = None
    order_fields: tuple[OrderField, ...] = ()
    full_text_filter: FullText = FullText()
    page: str | None = None


def render_cursor(question: Question, *, page: str) -> str:
    """Return a cursor that asks `question` for the page at the store's cursor."""
    placed = msgspec.structs.replace(question, page=page)
    return base64.b64encode(msgspec.json.encode(placed)).decode()


def parse_cursor(text: str) -> Question:
    """Return the question that a cursor holds.

    Raises:
        Refused: CURSOR-INVALID.
    """
    try:
        return msgspec.json.decode(base64.b64decode(text, validate=True), type=Question)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise Refused(
            "CURSOR-INVALID",
            what="cannot list entities from the cursor",
            why="it is none that a page gave",
            fix="leave the cursor out to start at the first page",
            status=400,
        ) from error
