"""Any mixture of documents, checked without a platform.

Belongs here: recognising a document by its content, and what can be said about a set of files
before anybody applies it. Never here: reading the files, the rules of one format (the modules
beside this file). Start at `check_documents`.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from fairway.core.catalog.entity import Entity
from fairway.core.catalog.ref import EntityRef, parse_entity_ref
from fairway.core.definition.check import check_definitions
from fairway.core.definition.make import KINDS as DEFINITION_KINDS
from fairway.core.definition.make import make_definitions
from fairway.core.finding.finding import Finding
from fairway.core.workload.workload import Workload
from fairway.formats import catalog
from fairway.formats.builtin_platform import get_builtin_entities
from fairway.formats.score import parse_workload
from fairway.formats.yaml import Document, Path, read_documents
from fairway.kits import spelling
from fairway.kits.errors import InvalidDocuments, Refused

DocumentFormat = Literal["score", "entity"]
_PLACE = re.compile(r"(.*?)(?::(\d+))?(?::(\d+))?")


def find_format(document: Document) -> DocumentFormat | None:
    """Return which format the content of `document` is in, None for none that is known.

    A Score document says `score.dev/…`; anything else with `apiVersion` and `kind` is an entity,
    Fairway's own definitions among them.
    """
    version = document.value.get("apiVersion")
    if isinstance(version, str) and version.startswith("score.dev/"):
        return "score"
    if "kind" in document.value and "apiVersion" in document.value:
        return "entity"
    return None


def is_foreign(content: bytes) -> bool:
    """Return whether a file is whole, and none of its documents says `apiVersion` or `kind`.

    Such a file in a folder, the settings of some tool, is not meant for the platform.
    """
    documents, problems = read_documents(content, file="-")
    said = {"apiVersion", "kind"}
    return bool(documents) and not problems and not any(said & {*d.value} for d in documents)


def check_documents(files: Mapping[str, bytes]) -> tuple[Finding, ...]:
    """Return everything that can be found wrong in `files`, by file, line and column.

    A `deny` is a mistake that any platform would refuse. What may be right where the documents
    are applied, such as a group that is not among the files, is a `warn`; the built-in platform
    counts as being there.
    """
    documents: list[Document] = []
    problems: list[Refused] = []
    for file in sorted(files):
        found, refused = read_documents(files[file], file=file)
        documents += found
        problems += refused
    return check_read_documents(documents, problems)


def check_read_documents(
    documents: Iterable[Document], problems: Iterable[Refused] = ()
) -> tuple[Finding, ...]:
    """Return what can be found wrong in `documents`, and the problems that reading them had."""
    reading = _Reading()
    reading.refuse(problems)
    for document in documents:
        reading.read(document)
    reading.check_refs()
    reading.check_types()
    reading.check_definitions()
    return sort_findings(reading.findings)


def sort_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return `findings` by file, line and column, then by their text."""
    return tuple(sorted(findings, key=_make_key))


def _make_key(finding: Finding) -> tuple[str, int, int, str]:
    place = _PLACE.fullmatch(finding.at)
    file, line, column = place.groups() if place else (finding.at, None, None)
    return file, int(line or 0), int(column or 0), finding.text


@dataclass(frozen=True, slots=True)
class _Reading:
    """What was read so far, and what was found in it."""

    entities: dict[str, tuple[Entity, Document]] = field(default_factory=dict)
    workloads: list[tuple[Workload, Document]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def read(self, document: Document) -> None:
        form = find_format(document)
        try:
            if form == "score":
                self.workloads.append((parse_workload(document), document))
            elif form == "entity":
                self._read_entity(document)
            else:
                self.refuse([_refuse_unknown(document)])
        except InvalidDocuments as refused:
            self.refuse(refused.problems)

    def _read_entity(self, document: Document) -> None:
        entity = catalog.parse_entity(document)
        if entity.ref in self.entities:
            first = self.entities[entity.ref][1]
            self.refuse([catalog.refuse_duplicate(document, entity, first)])
            return
        self.entities[entity.ref] = (entity, document)
        for path, meant in catalog.list_doubtful_fields(entity):
            self._warn(
                "ENTITY-FIELD-UNKNOWN",
                f"{catalog.describe(document.value)}: nothing reads the field '{path[-1]}'",
                f"did you mean '{meant}'?",
                at=str(document.get_location(path)),
            )

    def refuse(self, problems: Iterable[Refused]) -> None:
        self.findings.extend(
            Finding(
                code=problem.code,
                level="deny",
                text=str(problem),
                fix=problem.fix,
                at=str(problem.at or ""),
            )
            for problem in problems
        )

    def _warn(self, code: str, text: str, fix: str, *, at: str) -> None:
        self.findings.append(Finding(code=code, level="warn", text=text, fix=fix, at=at))

    def check_refs(self) -> None:
        """Warn of refs to entities that are neither in the files nor built in."""
        known = {*self.entities, *get_builtin_entities()}
        for entity, document in self.entities.values():
            for path, text, default_kind in catalog.list_refs(entity):
                ref = parse_entity_ref(
                    text, default_kind=default_kind, default_namespace=entity.namespace
                )
                if str(ref) not in known:
                    self._warn(
                        "ENTITY-REF-UNKNOWN",
                        f"{catalog.describe(document.value)}: {'.'.join(map(str, path))} names "
                        f"'{ref}', which is not in these files",
                        _suggest_ref(ref, known),
                        at=str(document.get_location(path)),
                    )

    def check_types(self) -> None:
        """Warn of resources whose type is neither in the files nor built in."""
        types = [entity.name for entity in self._merge().values() if entity.kind == "ResourceType"]
        for workload, document in self.workloads:
            for name, request in workload.resources.items():
                if request.type not in types:
                    path: Path = ("resources", name, "type")
                    self._warn(
                        "RESOURCE-TYPE-UNKNOWN",
                        f"workload '{workload.name}': resource '{name}' is of type "
                        f"'{request.type}', which is neither built in nor in these files",
                        _suggest_or_add(request.type, types),
                        at=str(document.get_location(path)),
                    )

    def check_definitions(self) -> None:
        """Check the definitions among the files with each other and with the built-in ones."""
        if any(entity.kind in DEFINITION_KINDS for entity, _ in self.entities.values()):
            definitions = make_definitions((entity, 0) for entity in self._merge().values())
            for finding in check_definitions(definitions, locate=self._locate):
                # What is named may be defined where these files are applied.
                level = "warn" if finding.code == "DEFINITION-UNKNOWN" else finding.level
                self.findings.append(msgspec.structs.replace(finding, level=level))

    def _merge(self) -> Mapping[str, Entity]:
        ours = {ref: entity for ref, (entity, _) in self.entities.items()}
        return {**get_builtin_entities(), **ours}

    def _locate(self, ref: str, path: Path) -> str:
        found = self.entities.get(ref)
        return str(found[1].get_location(path)) if found else ""


def _suggest_ref(ref: EntityRef, known: Collection[str]) -> str:
    """Suggest the same name of another kind, or a name much like it of the same kind."""
    prefix, name = f"{ref.kind}:{ref.namespace}/".lower(), ref.name.lower()
    same = [other for other in sorted(known) if other.partition("/")[2] == name]
    if same:
        return f"did you mean '{same[0]}'?"
    siblings = [other.removeprefix(prefix) for other in known if other.startswith(prefix)]
    return _suggest_or_add(name, siblings)


def _suggest_or_add(name: str, known: Collection[str]) -> str:
    meant = spelling.suggest(name, known)
    return f"did you mean '{meant}'?" if meant else "add it, unless the platform has it already"


def _refuse_unknown(document: Document) -> Refused:
    missing = next(name for name in ("apiVersion", "kind") if name not in document.value)
    meant = spelling.suggest(missing, document.value)
    return Refused(
        "DOCUMENT-UNKNOWN",
        what="cannot tell what the document is",
        why=f"'{missing}' is missing",
        fix=f"rename '{meant}' to '{missing}'"
        if meant
        else "start it with apiVersion and kind, or with apiVersion: score.dev/v1b1",
        at=document.get_location(),
    )
