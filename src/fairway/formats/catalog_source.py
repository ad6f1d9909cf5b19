"""The catalog files of a source tree: from `catalog-info.yaml`, through locations, to entities.

Belongs here: which files of a tree are catalog files, the documents in them with placeholders
filled in, all confined to the tree. Never here: version control, what becomes of the entities
(`fairway.usecases.catalog`). Start at `read_catalog`.
"""

import json
import posixpath
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias, cast

from fairway.core.catalog.entity import Entity
from fairway.core.catalog.relation import list_refs
from fairway.core.finding.finding import Finding
from fairway.formats import catalog, yaml
from fairway.formats.problem import sort_problems
from fairway.formats.yaml import Document
from fairway.formats.yaml import Path as Place
from fairway.kits.canonical import JsonObject, JsonValue
from fairway.kits.errors import InvalidDocuments, Refused

CATALOG_FILES = ("catalog-info.yaml", "catalog-info.yml")
MOST_FILES = 1000
MOST_FILE_BYTES = 2**20
MOST_BYTES = 32 * 2**20
_LIMITS = (
    f"a repository may have {MOST_FILES} catalog files and {MOST_BYTES} bytes in all, "
    f"a file that a placeholder names {MOST_FILE_BYTES}"
)
# `$openapi` and `$asyncapi` are the text of the file: what it refers to is not drawn in.
_TEXTS = ("$text", "$openapi", "$asyncapi")
_PLACEHOLDERS = (*_TEXTS, "$json", "$yaml")
# The types of location whose targets are files beside the location itself.
_FILE_TYPES = ("file", "url")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_GLOB = re.compile(r"[*?\[{]")

# Gives a file's content by its path in the tree, or None: there is no such file.
ReadFile: TypeAlias = Callable[[str], bytes | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceEntity:
    """An entity, the document that it was read from, and that document's file in the tree."""

    entity: Entity
    document: Document
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogSource:
    """What a tree says of the catalog.

    `root` is the file that all was reached from, empty: the tree has none. `problems` are why
    none of it may be used; `findings` are remarks.
    """

    root: str = ""
    entities: tuple[SourceEntity, ...] = ()
    documents: tuple[Document, ...] = ()
    findings: tuple[Finding, ...] = ()
    problems: tuple[Refused, ...] = ()

    def get_entities(self) -> tuple[Entity, ...]:
        """Return the entities.

        Raises:
            InvalidDocuments: there are problems.
        """
        if self.problems:
            raise InvalidDocuments(self.problems)
        return tuple(item.entity for item in self.entities)


def read_catalog(read: ReadFile) -> CatalogSource:
    """Return all that the catalog file at the root of a tree leads to, each file read once.

    Every path is confined to the tree; what is elsewhere is recorded and never fetched.
    """
    root = next((name for name in CATALOG_FILES if read(name) is not None), "")
    if not root:
        return CatalogSource()
    reading = _Reading(read)
    reading.read_all(root)
    return CatalogSource(
        root=root,
        entities=tuple(reading.entities.values()),
        documents=tuple(reading.documents),
        findings=tuple(reading.findings),
        problems=sort_problems(reading.problems),
    )


def make_reader(folder: Path) -> ReadFile:
    """Return what reads regular files in `folder`, also through links, and none outside of it."""
    root = folder.resolve()

    def read(name: str) -> bytes | None:
        path = (root / name).resolve()
        return path.read_bytes() if path.is_relative_to(root) and path.is_file() else None

    return read


def list_targets(location: Entity) -> tuple[str, ...]:
    """Return the targets of a Location entity as they are written."""
    spec = location.spec
    return (*list_refs(spec.get("target")), *list_refs(spec.get("targets")))


def is_remote(target: str) -> bool:
    """Return whether `target` is an absolute URL."""
    return _SCHEME.match(target) is not None


def find_path(target: str, *, beside: str) -> str | None:
    """Return the path in the tree that `target` means in the file `beside`; None: outside.

    Example:
        >>> find_path("../api/openapi.yaml", beside="docs/catalog-info.yaml")
        'api/openapi.yaml'
    """
    if target.startswith("/") or "\\" in target or "\0" in target:
        return None
    path = posixpath.normpath(posixpath.join(posixpath.dirname(beside), target))
    return None if path in (".", "..") or path.startswith("../") else path


@dataclass(slots=True)
class _Reading:
    """What was read so far."""

    read: ReadFile
    entities: dict[str, SourceEntity] = field(default_factory=dict)
    documents: list[Document] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    problems: list[Refused] = field(default_factory=list)
    files: set[str] = field(default_factory=set)
    # Files to read, each with what led to it.
    waiting: deque[tuple[str, tuple[str, ...]]] = field(default_factory=deque)
    size: int = 0

    def read_all(self, root: str) -> None:
        """Read a file that exists, and all that it leads to."""
        self._await(root, trail=())
        while self.waiting:
            file, trail = self.waiting.popleft()
            content = self.read(file) or b""
            self.size += len(content)
            if len(self.files) > MOST_FILES or self.size > MOST_BYTES:
                self._refuse_size(file)
                return
            documents, problems = yaml.read_documents(content, file=file)
            self.problems += problems
            for document in documents:
                self._read_document(document, trail=(*trail, file))

    def _await(self, file: str, *, trail: tuple[str, ...]) -> None:
        self.files.add(file)
        self.waiting.append((file, trail))

    def _read_document(self, document: Document, *, trail: tuple[str, ...]) -> None:
        value = self._fill(document, document.value, ())
        filled = document.with_value(cast("JsonObject", value))
        self.documents.append(filled)
        try:
            entity = catalog.parse_entity(filled)
        except InvalidDocuments as refused:
            self.problems += refused.problems
            return
        if (first := self.entities.get(entity.ref)) is not None:
            self.problems.append(catalog.refuse_duplicate(filled, entity, first.document))
            return
        self.entities[entity.ref] = SourceEntity(entity=entity, document=filled, file=document.file)
        if entity.kind == "Location":
            self._follow(entity, filled, trail=trail)

    def _follow(self, location: Entity, document: Document, *, trail: tuple[str, ...]) -> None:
        type_ = location.spec.get("type", "file")
        is_optional = location.spec.get("presence") == "optional"
        for path, target in _list_targets(location):
            if type_ not in _FILE_TYPES:
                self._note(document, path, target, f"locations of type '{type_}' are not followed")
            elif is_remote(target):
                self._note(document, path, target, "an absolute URL is not fetched")
            elif _GLOB.search(target):
                self._note(document, path, target, "patterns are not followed")
            else:
                self._follow_target(document, path, target, trail=trail, is_optional=is_optional)

    def _follow_target(
        self,
        document: Document,
        path: Place,
        target: str,
        *,
        trail: tuple[str, ...],
        is_optional: bool,
    ) -> None:
        file = self._find_path(document, path, target)
        if file is None:
            return
        if file in trail:
            self._note(document, path, target, f"'{file}' leads to itself")
        elif file in self.files:
            return
        elif self.read(file) is not None:
            self._await(file, trail=trail)
        elif not is_optional:
            self._refuse(
                "CATALOG-TARGET-MISSING",
                document,
                path,
                why=f"there is no file '{file}'",
                fix="correct the path, add the file, or say 'presence: optional'",
            )

    def _fill(self, document: Document, value: JsonValue, path: Place) -> JsonValue:
        """Return `value` with what its placeholders stand for; what they give is taken as it is."""
        if isinstance(value, Mapping):
            if len(value) == 1 and next(iter(value)) in _PLACEHOLDERS:
                return self._fill_placeholder(document, value, path)
            return {key: self._fill(document, item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self._fill(document, item, (*path, at)) for at, item in enumerate(value)]
        return value

    def _fill_placeholder(
        self, document: Document, placeholder: JsonObject, path: Place
    ) -> JsonValue:
        ((name, target),) = placeholder.items()
        at = (*path, name)
        if not isinstance(target, str):
            self._refuse_placeholder(document, at, "it names no file")
        elif is_remote(target):
            self._note(document, at, target, "an absolute URL is not fetched")
        elif (file := self._find_path(document, at, target)) is not None:
            try:
                return _parse_placeholder(name, self._read_text(file), file)
            except (Refused, ValueError, RecursionError) as error:
                why = error.why if isinstance(error, Refused) else str(error)
                self._refuse_placeholder(document, at, why)
        return placeholder

    def _read_text(self, file: str) -> bytes:
        content = self.read(file)
        if content is None:
            raise ValueError(f"there is no file '{file}'")
        self.size += len(content)
        if len(content) > MOST_FILE_BYTES or self.size > MOST_BYTES:
            raise ValueError(f"'{file}' is too large: {_LIMITS}")
        return content

    def _find_path(self, document: Document, path: Place, target: str) -> str | None:
        file = find_path(target, beside=document.file)
        if file is None:
            self._refuse(
                "CATALOG-TARGET-OUTSIDE",
                document,
                path,
                why=f"'{target}' is no path inside the repository",
                fix="write a path relative to this file that stays in the repository",
            )
        return file

    def _note(self, document: Document, path: Place, target: str, why: str) -> None:
        self.findings.append(
            Finding(
                code="CATALOG-TARGET-SKIPPED",
                level="warn",
                text=f"{catalog.describe(document.value)}: '{target}' is left as it is: {why}",
                fix="keep the file in this repository and name it by a relative path",
                at=str(document.get_location(path)),
            )
        )

    def _refuse_placeholder(self, document: Document, path: Place, why: str) -> None:
        self._refuse(
            "CATALOG-PLACEHOLDER",
            document,
            path,
            why=why,
            fix="name a file of the repository, relative to this one",
        )

    def _refuse_size(self, file: str) -> None:
        self.problems.append(
            Refused(
                "CATALOG-TOO-LARGE",
                what=f"cannot read the catalog file '{file}'",
                why=_LIMITS,
                fix="describe less, or split the repository",
            )
        )

    def _refuse(self, code: str, document: Document, path: Place, *, why: str, fix: str) -> None:
        self.problems.append(
            Refused(
                code,
                what=f"cannot read {catalog.describe(document.value)}",
                why=f"{'.'.join(map(str, path))}: {why}",
                fix=fix,
                at=document.get_location(path),
            )
        )


def _list_targets(location: Entity) -> Iterator[tuple[Place, str]]:
    for target in list_refs(location.spec.get("target")):
        yield ("spec", "target"), target
    for index, target in enumerate(list_refs(location.spec.get("targets"))):
        yield ("spec", "targets", index), target


def _parse_placeholder(name: str, content: bytes, file: str) -> JsonValue:
    if name in _TEXTS:
        return content.decode()
    if name == "$json":
        json.loads(content, parse_constant=_refuse_constant)
        # The careful reader holds it to what documents are held to: depth, numbers, equal keys.
        content = b'{"value":%b}' % content
        return yaml.parse_documents(content, file=file)[0].value["value"]
    documents = yaml.parse_documents(content, file=file)
    if len(documents) != 1:
        raise ValueError(f"it has {len(documents)} documents, not one")
    return documents[0].value


def _refuse_constant(text: str) -> None:
    raise ValueError(f"'{text}' is no number of JSON")
