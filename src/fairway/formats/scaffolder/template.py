"""A Template document: its entity, its pages of parameters, its steps, its output.

Belongs here: values with places, and what makes a document no Template. Never here: what a
step's action takes (`fairway.drivers.scaffolder`). Start at `parse_template`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fairway.core.catalog.entity import Entity
from fairway.formats import catalog, yaml
from fairway.formats.problem import sort_problems
from fairway.formats.yaml import Document, Path
from fairway.kits.canonical import JsonObject, JsonValue
from fairway.kits.errors import InvalidDocuments, Location, Refused

FILE = "template.yaml"
API_VERSION = "scaffolder.backstage.io/v1beta3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of parameters; `path` leads to its schema in the document."""

    schema: JsonObject
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step; `path` leads to it in the document. `condition` is what its `if` says."""

    id: str
    action: str
    input: JsonObject
    condition: JsonValue
    each: JsonValue
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A Template that can be read; whether it can be run is for those who run it to say."""

    entity: Entity
    document: Document
    pages: tuple[Page, ...]
    steps: tuple[Step, ...]
    output: JsonObject

    def locate(self, path: Path = ()) -> Location:
        return self.document.get_location(path)


def read_template(content: bytes, *, file: str = FILE) -> Template:
    """Return the first Template in the file.

    Raises:
        InvalidDocuments: the file cannot be read, or its Template is invalid; TEMPLATE-INVALID
            where it has none.
    """
    for document in yaml.parse_documents(content, file=file):
        if document.value.get("kind") == "Template":
            return parse_template(document)
    raise _refuse(
        "it has no document of kind Template",
        fix=f"add one with apiVersion: {API_VERSION}",
        at=Location(file=file),
    )


def parse_template(document: Document) -> Template:
    """Return the Template that the document is.

    Raises:
        InvalidDocuments: with every problem at its place.
    """
    entity = catalog.parse_entity(document)
    spec: Mapping[str, Any] = entity.spec
    at: Path = ("spec", "parameters")
    given = spec.get("parameters")
    pages = (
        [((*at, number), page) for number, page in enumerate(given)]
        if isinstance(given, list)
        else [(at, given)] * (given is not None)
    )
    template = Template(
        entity=entity,
        document=document,
        pages=tuple(Page(schema=page, path=path) for path, page in pages if isinstance(page, dict)),
        steps=tuple(_make_step(number, step) for number, step in enumerate(spec["steps"])),
        output=spec.get("output") or {},
    )
    if problems := sort_problems(_list_problems(template, pages)):
        raise InvalidDocuments(problems)
    return template


def _make_step(number: int, step: Mapping[str, Any]) -> Step:
    return Step(
        id=str(step.get("id") or f"step-{number + 1}"),
        action=str(step["action"]),
        input=step.get("input") or {},
        condition=step.get("if", True),
        each=step.get("each"),
        path=("spec", "steps", number),
    )


def _list_problems(
    template: Template, pages: Iterable[tuple[Path, JsonValue]]
) -> Iterator[Refused]:
    if not template.steps:
        at = template.locate(("spec", "steps"))
        yield _refuse("it has no steps", fix="add a step that makes files", at=at)
    seen: dict[str, Step] = {}
    for step in template.steps:
        first = seen.setdefault(step.id, step)
        if first is not step:
            why = f"the id '{step.id}' is taken, on line {template.locate(first.path).line}"
            yield _refuse(why, fix="rename one of them", at=template.locate((*step.path, "id")))
    for path, page in pages:
        if not isinstance(page, dict) or not isinstance(page.get("properties", {}), dict):
            why = "a page of parameters is a mapping, and so are its properties"
            yield _refuse(why, fix="write a JSON Schema", at=template.locate(path))
            return
    yield from _list_parameter_problems(template)


def _list_parameter_problems(template: Template) -> Iterator[Refused]:
    names: dict[str, Path] = {}
    for page in template.pages:
        properties = page.schema.get("properties", {})
        assert isinstance(properties, dict)
        for name, schema in properties.items():
            path = (*page.path, "properties", name)
            if not isinstance(schema, dict):
                why = f"the parameter '{name}' is no JSON Schema"
                fix = "write a mapping, such as type: string"
                yield _refuse(why, fix=fix, at=template.locate(path))
            if name in names:
                line = template.locate(names[name]).line
                why = f"the parameter '{name}' is asked for on line {line} already"
                yield _refuse(why, fix="rename one of them", at=template.locate(path))
            names[name] = path


def _refuse(why: str, *, fix: str, at: Location) -> Refused:
    return Refused("TEMPLATE-INVALID", what="cannot read the template", why=why, fix=fix, at=at)
