"""Overrides: a second document laid over a workload's, before it is validated.

Belongs here: how values are laid over each other. Never here: where overrides come from.
"""

from collections.abc import Mapping

from fairway.kits.canonical import JsonObject, JsonValue


def apply_overrides(value: JsonObject, overrides: JsonObject) -> JsonObject:
    """Return `value` with `overrides` laid over it; neither is changed.

    Mappings are merged, everything else is replaced, and null removes, as in Score's reference
    implementation and in RFC 7396.

    Example:
        >>> apply_overrides({"a": {"b": 1, "c": [1]}}, {"a": {"b": None, "c": [2], "d": 3}})
        {'a': {'c': [2], 'd': 3}}
    """
    result = dict(value)
    for key, item in overrides.items():
        if item is None:
            result.pop(key, None)
        else:
            result[key] = _merge(result.get(key), item)
    return result


def _merge(value: JsonValue, item: JsonValue) -> JsonValue:
    if not isinstance(item, Mapping):
        return item
    return apply_overrides(value if isinstance(value, Mapping) else {}, item)
