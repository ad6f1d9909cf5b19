"""A Template's pages of parameters as one JSON Schema.

Belongs here: joining pages, draft 7 to the draft that the platform checks by, parameters that
the platform answers itself. Never here: answers (`answer`). Start at `make_parameters`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fairway.formats.scaffolder.template import Template
from fairway.kits.canonical import JsonObject

Schema = dict[str, Any]
PAGES = "x-fairway-pages"
# What the platform answers where nobody else does: `user` who asks, `name` the service's name.
ANSWER = "x-fairway-answer"
# What a page says beside its properties that decides which answers are allowed.
_CONDITIONS = (
    *("allOf", "anyOf", "oneOf", "not", "if", "then", "else"),
    *("dependentSchemas", "dependentRequired"),
)
_SUBSCHEMAS = (
    *("not", "if", "then", "else", "items", "contains", "propertyNames", "additionalProperties"),
)
_SUBSCHEMA_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_SUBSCHEMA_MAPS = ("properties", "patternProperties", "dependentSchemas", "definitions", "$defs")
_HINTS = ("type", "title", "description", ANSWER)
DEFAULT_HOST = "localhost"
DEFAULT_USER = "user:default/guest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """`schema` is what is asked; `repo_urls` are parameters with the host of the repository, and
    `secrets` are those that nothing is kept of; neither is asked for."""

    schema: JsonObject
    repo_urls: Mapping[str, str]
    secrets: frozenset[str]


def make_parameters(template: Template, *, has_user: bool) -> Parameters:
    """Return the parameters of all pages.

    Every path asks for `name` and `owner`, so these are there whether the template names them or
    not; `user`, the ref of who asks, where `has_user` and the template has no such parameter.
    """
    converter = _Converter()
    pages = [converter.convert(page.schema) for page in template.pages]
    properties: Schema = {}
    required: list[str] = ["name"]
    for page in pages:
        properties |= page.get("properties", {})
        required += [name for name in page.get("required", ()) if name not in required]
        for name, found in _list_conditional(page):
            if name not in page.get("properties", {}):
                _hoist(properties, name, found)
    properties = {**_make_given(properties, has_user=has_user), **properties}
    schema: Schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": False,
        "required": required,
        "properties": properties,
        "ui:order": list(properties),
        PAGES: [_make_page(page) for page in pages],
    }
    conditions = [{key: page[key] for key in _CONDITIONS if key in page} for page in pages]
    if any(conditions):
        schema["allOf"] = [condition for condition in conditions if condition]
    for key in ("definitions", "$defs"):
        if found := {name: item for page in pages for name, item in page.get(key, {}).items()}:
            schema[key] = found
    return Parameters(
        schema=schema,
        repo_urls=converter.repo_urls,
        secrets=frozenset(converter.secrets),
    )


def _make_given(properties: Schema, *, has_user: bool) -> Schema:
    """Return the parameters that every path has and this template does not name."""
    given: Schema = {
        "name": {"type": "string", "title": "Name", "description": "The name of the repository"},
        "owner": {"type": "string", "title": "Owner", "ui:field": "OwnerPicker"},
    }
    if has_user:
        given["user"] = {
            "type": "string",
            "title": "Who makes the service",
            "default": DEFAULT_USER,
            "ui:widget": "hidden",
            ANSWER: "user",
        }
    return {name: schema for name, schema in given.items() if name not in properties}


def _find_host(schema: Schema) -> str:
    options = schema.get("ui:options")
    hosts = options.get("allowedHosts") if isinstance(options, dict) else None
    return str(hosts[0]) if isinstance(hosts, list) and hosts else DEFAULT_HOST


def _make_page(page: Schema) -> Schema:
    told = {key: page[key] for key in ("title", "description") if isinstance(page.get(key), str)}
    names = list(page.get("properties", {}))
    names += [name for name, _ in _list_conditional(page) if name not in names]
    return {**told, "properties": list(dict.fromkeys(names))}


def _hoist(properties: Schema, name: str, schema: Schema) -> None:
    """Add a parameter that some answers bring with them; conditions say the rest of it."""
    told = {key: schema[key] for key in _HINTS if key in schema}
    before = properties.get(name)
    if before is not None:
        told = {key: value for key, value in before.items() if told.get(key) == value}
    properties[name] = {**told, "x-fairway-when": "computed"}


def _list_conditional(schema: Any) -> Iterator[tuple[str, Schema]]:
    """Yield the properties that conditions of `schema` bring."""
    if not isinstance(schema, dict):
        return
    branches = [schema.get(key) for key in ("then", "else")]
    for key in ("allOf", "anyOf", "oneOf"):
        branches += schema.get(key) or []
    branches += list((schema.get("dependentSchemas") or {}).values())
    for branch in branches:
        if isinstance(branch, dict):
            for name, found in (branch.get("properties") or {}).items():
                if isinstance(found, dict):
                    yield name, found
            yield from _list_conditional(branch)


class _Converter:
    """Brings schemas of draft 7 into the words of draft 2020-12, without what is not asked for."""

    def __init__(self) -> None:
        self.repo_urls: dict[str, str] = {}
        self.secrets: set[str] = set()
        self._names: set[str] = set()

    def convert(self, schema: Any) -> Any:
        if not isinstance(schema, dict):
            return schema
        made: Schema = dict(schema)
        if isinstance(made.get("items"), list):
            made["prefixItems"] = made.pop("items")
            if "additionalItems" in made:
                made["items"] = made.pop("additionalItems")
        for name, needed in (made.pop("dependencies", None) or {}).items():
            key = "dependentRequired" if isinstance(needed, list) else "dependentSchemas"
            made[key] = {**made.get(key, {}), name: needed}
        if isinstance(made.get("properties"), dict):
            self._take_out(made)
        for key, value in made.items():
            made[key] = self._convert_member(key, value)
        return made

    def _convert_member(self, key: str, value: Any) -> Any:
        if key in _SUBSCHEMAS:
            return self.convert(value)
        if key in _SUBSCHEMA_LISTS and isinstance(value, list):
            return [self.convert(item) for item in value]
        if key in _SUBSCHEMA_MAPS and isinstance(value, dict):
            return {name: self.convert(item) for name, item in value.items()}
        return value

    def _take_out(self, schema: Schema) -> None:
        """Leave out secrets and what the platform answers; an entity's name it answers unasked."""
        kept: Schema = {}
        optional: set[str] = set()
        for name, item in schema["properties"].items():
            field = item.get("ui:field") if isinstance(item, dict) else None
            if field == "RepoUrlPicker":
                self.repo_urls[name] = _find_host(item)
            elif field == "Secret":
                self.secrets.add(name)
            elif field == "EntityNamePicker" and name != "name":
                kept[name] = {**item, ANSWER: "name"}
            else:
                kept[name] = item
            if kept.get(name) is not item:
                optional.add(name)
        schema["properties"] = kept
        if isinstance(schema.get("required"), list):
            schema["required"] = [name for name in schema["required"] if name not in optional]
