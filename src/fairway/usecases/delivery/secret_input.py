"""Secrets that a platform team gives to a driver: by file, never in a document.

Belongs here: which inputs are secrets (`format: password` in the driver's schema), refusing one
in clear, and reading the file that `file:///…` names when a step runs. Documents, plans and live
nodes hold the file's name only.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from fairway.kits.canonical import JsonObject, JsonValue
from fairway.kits.errors import Refused

_PASSWORD_IN_URL = re.compile(r"://[^/@\s]*:[^/@\s]+@")


def find_clear_secret(schema: JsonObject, inputs: JsonObject) -> str | None:
    """Return the name of an input that holds a secret in clear, None when there is none."""
    secret = frozenset(_list_secret_names(schema))
    for name, value in sorted(inputs.items()):
        if not isinstance(value, str) or value.startswith("file:"):
            continue
        if name in secret or _PASSWORD_IN_URL.search(value):
            return name
    return None


def open_secrets(schema: JsonObject, inputs: JsonObject) -> JsonObject:
    """Return `inputs` with every secret read from the file that it names.

    Raises:
        Refused: SECRET-FILE.
    """
    opened = {
        name: _read(name, str(inputs[name]))
        for name in _list_secret_names(schema)
        if str(inputs.get(name, "")).startswith("file:")
    }
    return {**inputs, **opened}


def _list_secret_names(schema: JsonObject) -> Iterator[str]:
    properties: JsonValue = schema.get("properties")
    for name, item in (properties if isinstance(properties, Mapping) else {}).items():
        if isinstance(item, Mapping) and item.get("format") == "password":
            yield name


def _read(name: str, url: str) -> str:
    path = Path(unquote(urlsplit(url).path))
    try:
        return path.read_text().strip()
    except OSError as error:
        raise Refused(
            "SECRET-FILE",
            what=f"cannot read input '{name}'",
            why=f"'{path}': {error.strerror or error}",
            fix="make the file readable for the account that runs fairway up",
        ) from error
