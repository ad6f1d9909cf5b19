"""Reading the API's JSON without trusting its shape.

Belongs here: typed access; what is absent reads as empty, so that an older command line
understands a newer platform. Start at `Answer`.
"""

import json
from collections.abc import Mapping, Sequence

from fairway.kits.canonical import JsonObject, JsonValue


class Answer:
    """A JSON object of the API.

    Example:
        >>> Answer({"release": {"number": 3}}).at("release").number("number")
        3
        >>> Answer({}).at("release").text("author")
        ''
    """

    __slots__ = ("data",)

    def __init__(self, data: JsonValue) -> None:
        self.data: JsonObject = data if isinstance(data, Mapping) else {}

    def __bool__(self) -> bool:
        return bool(self.data)

    def text(self, key: str, default: str = "") -> str:
        """Return the value as people write it."""
        value = self.data.get(key)
        if value is None:
            return default
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

    def number(self, key: str) -> int | None:
        """Return the whole number, None when there is none."""
        value = self.data.get(key)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def seconds(self, key: str) -> float | None:
        """Return the number of seconds, None when there is none."""
        value = self.data.get(key)
        return float(value) if isinstance(value, int | float) else None

    def flag(self, key: str) -> bool:
        """Return whether the value is true."""
        return self.data.get(key) is True

    def at(self, key: str) -> "Answer":
        """Return the object below `key`, empty when there is none."""
        return Answer(self.data.get(key))

    def items(self, key: str) -> tuple["Answer", ...]:
        """Return the objects listed below `key`."""
        return tuple(Answer(item) for item in self._list(key))

    def texts(self, key: str) -> tuple[str, ...]:
        """Return the strings listed below `key`."""
        return tuple(str(item) for item in self._list(key))

    def _list(self, key: str) -> Sequence[JsonValue]:
        value = self.data.get(key)
        return value if isinstance(value, Sequence) and not isinstance(value, str) else ()
