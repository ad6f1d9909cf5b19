"""The schema checker.

Belongs here: one compiled validator per schema.
"""

import threading

import jsonschema_rs

from fairway.kits import canonical
from fairway.kits.canonical import JsonObject, JsonValue
from fairway.ports.schema_checker import SchemaChecker

MOST_COMPILED = 512


class JsonSchemaChecker(SchemaChecker):
    """Compiles each schema once; thread-safe. Values never appear in what it says."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._compiled: dict[bytes, jsonschema_rs.Draft202012Validator] = {}

    def list_errors(self, schema: JsonObject, value: JsonValue) -> tuple[str, ...]:
        try:
            validator = self._compile(schema)
        except ValueError as error:
            return (f"the schema is invalid: {error}",)
        return tuple(sorted(_describe(error) for error in validator.iter_errors(value)))

    def _compile(self, schema: JsonObject) -> jsonschema_rs.Draft202012Validator:
        key = canonical.render_canonical(schema)
        with self._lock:
            if key not in self._compiled:
                if len(self._compiled) >= MOST_COMPILED:
                    self._compiled.clear()
                validator = jsonschema_rs.Draft202012Validator(dict(schema), mask="•••")
                self._compiled[key] = validator
            return self._compiled[key]


def _describe(error: jsonschema_rs.ValidationError) -> str:
    where = ".".join(str(part) for part in error.instance_path)
    return f"{where}: {error.message}" if where else str(error.message)
