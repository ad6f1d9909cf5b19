"""Write the reference page of Fairway's kinds from their JSON Schemas.

Run it after a change of a schema; a test fails while the page is not what it writes.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "src" / "fairway" / "formats" / "schemas"
PAGE = Path(__file__).with_name("definitions.md")
KINDS = ("Environment", "Target", "ResourceType", "Provisioner", "GoldenPath")
_HEAD = """\
# Definitions

The platform is described by documents of these kinds, all of `apiVersion: fairway.dev/v1`. They
are applied with `fairway apply`, checked with `fairway check`, and every revision is kept. The
built-in ones are ordinary documents: print one with `fairway get environment prod`, change it,
and apply it.

`metadata.name` is 1 to 63 lower-case letters, digits and hyphens; `metadata.title` is what people
see.

This page is written by `docs/reference/generate.py` from `src/fairway/formats/schemas`.
"""

Schema = Mapping[str, Any]


def render_page() -> str:
    """Return the page."""
    return _HEAD + "".join(_render_kind(kind) for kind in KINDS)


def _render_kind(kind: str) -> str:
    schema = _read(f"{kind.lower()}.json")
    rows = "".join(_render_rows(schema["properties"]["spec"], "spec"))
    return (
        f"\n## {kind}\n\n{schema['description']}\n\n"
        f"| field | type | default | meaning |\n|---|---|---|---|\n{rows}"
    )


def _read(name: str) -> Schema:
    return cast("Schema", json.loads((SCHEMAS / name).read_text()))


def _render_rows(schema: Schema, path: str) -> Iterator[str]:
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        own = _resolve(field)
        default = "required" if name in required else _render_default(own)
        meaning = own.get("description", "")
        yield f"| `{path}.{name}` | {_render_type(own)} | {default} | {meaning} |\n"
        items = _resolve(own["items"]) if "items" in own else own
        suffix = "[]" if "items" in own else ""
        yield from _render_rows(items, f"{path}.{name}{suffix}")


def _resolve(schema: Schema) -> Schema:
    """Return the schema with what its `$ref` says, its own words first."""
    if "$ref" not in schema:
        return schema
    name, _, pointer = schema["$ref"].partition("#")
    # A reference without a file is met only in what was read from the envelope's schema.
    found: Any = _read(name or "entity.json")
    for part in pointer.strip("/").split("/"):
        found = found[part]
    return {**found, **{key: value for key, value in schema.items() if key != "$ref"}}


def _render_type(schema: Schema) -> str:
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    kind = str(schema.get("type", "any"))
    if kind == "array":
        return f"list of {_render_type(_resolve(schema['items']))}s"
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f"{kind} from {low} to {high}"
    return kind if low is None else f"{kind} from {low}"


def _render_default(schema: Schema) -> str:
    if "default" not in schema:
        return ""
    return f"`{json.dumps(schema['default'])}`"


if __name__ == "__main__":
    PAGE.write_text(render_page())
