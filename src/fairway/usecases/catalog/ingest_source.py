"""Ingesting what a repository's default branch says of the catalog.

Belongs here: bringing the catalog in line with one commit, and what can be said of a commit
before it lands. Never here: git, formats. Start at `ingest_source`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from fairway.core.audit.event import AuditEvent
from fairway.core.catalog.entity import Entity
from fairway.core.catalog.ref import parse_entity_ref
from fairway.core.finding.finding import Finding
from fairway.core.source.repository import Repository
from fairway.formats import catalog, catalog_source
from fairway.formats import document as document_format
from fairway.formats.catalog_source import CatalogSource, ReadFile, SourceEntity
from fairway.formats.yaml import read_documents
from fairway.kits.errors import InvalidDocuments, Refused
from fairway.ports.store.store import Transaction
from fairway.usecases.catalog import apply_entities, check_drivers, orphan, registered_location
from fairway.usecases.catalog.apply_entities import EntityChange
from fairway.usecases.catalog.managed_location import SourcePlace
from fairway.usecases.delivery.source_documents import SCORE_FILES
from fairway.usecases.platform import Actor, Platform

# What only the platform knows, and `ingest_source` says.
_UNKNOWABLE = ("ENTITY-REF-UNKNOWN", "RESOURCE-TYPE-UNKNOWN")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingestion:
    """What a commit did to the catalog; `findings` are remarks, such as refs that lead nowhere.

    `orphans` are the entities that the repository no longer describes but others depend on.
    """

    changes: tuple[EntityChange, ...] = ()
    orphans: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What the commit describes, annotated: by ref the entity, and the file that it is from."""

    source: CatalogSource
    entities: Mapping[str, Entity] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


def check_source(read: ReadFile) -> tuple[Finding, ...]:
    """Return what is wrong with a tree's `score.yaml` and catalog files, by file, line and column.

    Pure: what depends on the catalog is for `check_ingestion` to say.
    """
    source = catalog_source.read_catalog(read)
    documents, problems = [*source.documents], [*source.problems]
    for file in SCORE_FILES:
        if (content := read(file)) is not None:
            found, refused = read_documents(content, file=file)
            documents += found
            problems += refused
            break
    findings = document_format.check_read_documents(documents, problems)
    known = (item for item in findings if item.code not in _UNKNOWABLE)
    return document_format.sort_findings((*known, *source.findings))


def check_ingestion(
    platform: Platform, tx: Transaction, actor: Actor, repository: Repository, *, read: ReadFile
) -> None:
    """Refuse what `ingest_source` would refuse of the same files; changes nothing.

    Raises:
        Refused: as `ingest_source`.
    """
    place = SourcePlace(repository=repository, base_url="")
    wanted = _read(place, read)
    _check(platform, tx, actor, place=place, wanted=wanted)


def ingest_source(
    platform: Platform,
    tx: Transaction,
    actor: Actor,
    repository: Repository,
    *,
    commit: str,
    read: ReadFile,
    base_url: str,
) -> Ingestion:
    """Make the catalog say what the files of `commit`, the default branch's newest, say.

    `read` gives a file of the commit by its path, None for none; one that always gives None
    takes all of the repository's entities out. What the commit no longer describes is removed,
    or kept as an orphan while other entities or deployments depend on it. The same files again
    change nothing. All is written within `tx`, with one audit event per change.

    Raises:
        InvalidDocuments: a document or what it names is wrong, or is managed elsewhere.
        Refused: ACCESS-DENIED, DRIVER-INPUTS, and what definitions are refused for.
    """
    place = SourcePlace(repository=repository, base_url=base_url.rstrip("/"))
    wanted = _read(place, read)
    changes = [*_check(platform, tx, actor, place=place, wanted=wanted)]
    now = platform.clock.now()
    moved = {change.ref for change in changes if change.action != "unchanged"}
    for file in sorted({wanted.files[ref] for ref in wanted.entities}):
        # Also those that did not change: they may come from another file now.
        entities = [item for ref, item in wanted.entities.items() if wanted.files[ref] == file]
        location = place.make_location(file)
        tx.entities.put_many(entities, actor=actor.name, at=now, location=location)
    leaving = orphan.leave(tx, place, wanted.entities, actor=actor.name, at=now)
    apply_entities.check_access(actor, [change.ref for change in leaving.changes])
    changes += leaving.changes
    moved |= {change.ref for change in leaving.changes}
    tx.audit.append(
        *(
            AuditEvent(
                type=f"entity.{change.action}",
                subject=f"entity/{change.ref}",
                actor=actor.name,
                at=now,
                data={
                    "revision": change.revision,
                    "location": place.make_location(wanted.files.get(change.ref, "")),
                    "commit": commit,
                },
            )
            for change in changes
            if change.ref in moved
        )
    )
    return Ingestion(
        changes=tuple(changes),
        orphans=leaving.orphans,
        findings=document_format.sort_findings(
            (*wanted.source.findings, *_list_dangling(tx, wanted.source.entities))
        ),
    )


def _read(place: SourcePlace, read: ReadFile) -> _Wanted:
    source = catalog_source.read_catalog(read)
    source.get_entities()
    if not source.root:
        return _Wanted(source=source)
    root = place.make_file_url(source.root)
    registered = registered_location.make_location(type_="url", target=root)
    files = {
        registered.ref: source.root,
        **{each.entity.ref: each.file for each in source.entities},
    }
    entities = {
        entity.ref: place.annotate(entity, file=files[entity.ref], root=source.root)
        for entity in (registered, *(each.entity for each in source.entities))
    }
    return _Wanted(source=source, entities=entities, files=files)


def _check(
    platform: Platform, tx: Transaction, actor: Actor, *, place: SourcePlace, wanted: _Wanted
) -> tuple[EntityChange, ...]:
    """Return what would change; refuse what may not."""
    entities = list(wanted.entities.values())
    known = tx.entities.find_many(wanted.entities)
    problems: list[Refused] = []
    for each in wanted.source.entities:
        try:
            at = each.document.get_location(("metadata", "name"))
            place.check_free(each.entity, known.get(each.entity.ref), at=at)
        except Refused as problem:
            problems.append(problem)
    if problems:
        raise InvalidDocuments(tuple(problems))
    changes = apply_entities.compare_entities(tx, entities)
    moved = {change.ref for change in changes if change.action != "unchanged"}
    apply_entities.check_access(actor, moved)
    check_drivers.check_drivers(platform, _list_definitions(entities, moved))
    apply_entities.check_definitions(tx, _list_definitions(entities, moved))
    return changes


def _list_definitions(entities: Iterable[Entity], moved: set[str]) -> list[Entity]:
    return [
        entity
        for entity in entities
        if entity.ref in moved and entity.api_version.startswith(catalog.FAIRWAY_API_VERSION)
    ]


def _list_dangling(tx: Transaction, described: Iterable[SourceEntity]) -> Iterator[Finding]:
    """Return a finding for each ref to what the catalog does not have."""
    refs = [
        (each, path, str(parse_entity_ref(text, default_kind=kind, default_namespace=namespace)))
        for each in described
        for namespace in (each.entity.namespace,)
        for path, text, kind in catalog.list_refs(each.entity)
    ]
    known = tx.entities.find_many(ref for _, _, ref in refs)
    for each, path, ref in refs:
        if ref not in known:
            yield Finding(
                code="ENTITY-REF-UNKNOWN",
                level="warn",
                text=f"{catalog.describe(each.entity.document)}: {'.'.join(map(str, path))} names "
                f"'{ref}', which is not in the catalog",
                fix="correct it, or add what it names",
                at=str(each.document.get_location(path)),
            )
