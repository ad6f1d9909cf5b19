"""Checking values against JSON Schemas that people wrote.

Belongs here: the contract for params and outputs of resources.
"""

from abc import abstractmethod
from typing import Protocol

from fairway.kits.canonical import JsonObject, JsonValue


class SchemaChecker(Protocol):
    """Checks values; a schema that is not valid itself allows nothing."""

    @abstractmethod
    def list_errors(self, schema: JsonObject, value: JsonValue) -> tuple[str, ...]:
        """Return what is wrong with `value`, one short sentence each, sorted; never the value

        of a field with `format: password`.
        """
