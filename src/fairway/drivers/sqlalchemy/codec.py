"""Values to columns and back.

Belongs here: times as integers, documents as JSON text. Never here: which column holds what
(`schema`). Times are integers so that both databases compare them exactly; JSON is text, not the
database's own type, so that a document comes back as it was written: key order, NUL and all.
"""

import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Literal, NewType, Union, get_args, get_origin, get_type_hints

import msgspec
import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ENCODER = msgspec.json.Encoder(enc_hook=dict)
_DECODER = msgspec.json.Decoder()
_Build = Callable[[Any], Any]


def to_microseconds(at: datetime) -> int:
    """Return the microseconds from 1970 in UTC to `at`, exactly; `at` must know its zone."""
    return (at - _EPOCH) // _MICROSECOND


def from_microseconds(count: int) -> datetime:
    """Return the moment `count` microseconds after 1970, in UTC."""
    return _EPOCH + count * _MICROSECOND


def make_row(value: Any) -> dict[str, Any]:
    """Return the fields of a dataclass by name, as they are."""
    return {field.name: getattr(value, field.name) for field in fields(value)}


def render_json(value: object) -> str:
    """Return `value`, plain or made of dataclasses, as JSON in its own key order."""
    return _ENCODER.encode(value).decode()


def parse_json(text: str) -> Any:
    """Return the plain value that `text` holds."""
    return _DECODER.decode(text)


class Moment(TypeDecorator[datetime]):
    """A moment in UTC, as microseconds since 1970."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: sa.Dialect) -> int | None:
        return None if value is None else to_microseconds(value)

    def process_result_value(self, value: int | None, _dialect: sa.Dialect) -> datetime | None:
        return None if value is None else from_microseconds(value)


class Json(TypeDecorator[Any]):
    """A value of type `shape`, as JSON; without a shape, what JSON itself can say."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, shape: Any = None) -> None:
        super().__init__()
        self.shape = shape

    def process_bind_param(self, value: object, _dialect: sa.Dialect) -> str | None:
        return None if value is None else render_json(value)

    def process_result_value(self, value: str | None, _dialect: sa.Dialect) -> Any:
        return None if value is None else _make_builder(self.shape)(parse_json(value))


@cache
def _make_builder(shape: Any) -> _Build:
    """Return a function from a plain value to one of type `shape`.

    msgspec cannot do it itself: the type of JSON documents refers to itself. A union of several
    types is left as JSON gave it.
    """
    origin, arguments = get_origin(shape), get_args(shape)
    if isinstance(shape, NewType):
        return _make_builder(shape.__supertype__)
    if is_dataclass(shape):
        return _make_dataclass_builder(shape)
    if origin in (tuple, frozenset):
        collection, item = origin, _make_builder(arguments[0])
        return lambda plain: collection(map(item, plain))
    if origin is Mapping:
        value = _make_builder(arguments[1])
        return lambda plain: {key: value(item) for key, item in plain.items()}
    if origin in (Union, types.UnionType):
        some = [argument for argument in arguments if argument is not types.NoneType]
        if len(some) == 1:
            present = _make_builder(some[0])
            return lambda plain: None if plain is None else present(plain)
    return _keep


def _keep(plain: Any) -> Any:
    return plain


def _make_dataclass_builder(shape: Any) -> _Build:
    hints = get_type_hints(shape, localns={"JsonValue": Any, "Literal": Literal})
    builders = {field.name: _make_builder(hints[field.name]) for field in fields(shape)}

    def build(plain: Mapping[str, Any]) -> Any:
        # A field that is absent was added to the type after the row was written: its default.
        return shape(**{name: builders[name](item) for name, item in plain.items()})

    return build
