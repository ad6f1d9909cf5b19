"""Publishing a version of a golden path: a tag is read, checked, pinned and announced.

Belongs here: what makes a tag a version. Never here: rendering. Start at `publish_path`.
"""

import dataclasses
import tempfile
from pathlib import Path

from fairway.core.audit.event import AuditEvent
from fairway.core.catalog.entity import Entity
from fairway.core.golden_path import parameters, version
from fairway.core.golden_path.golden_path import PathVersion
from fairway.kits.errors import Refused
from fairway.ports.store.store import Transaction
from fairway.usecases.access import rights
from fairway.usecases.golden_path import path_document
from fairway.usecases.golden_path.path_document import PATH_FILE
from fairway.usecases.platform import Actor, Platform

_CHANGELOG = "CHANGELOG.md"


def publish_path(platform: Platform, actor: Actor, *, repository: str, tag: str) -> PathVersion:
    """Make the tag of a hosted repository a version of the golden path that it holds.

    The version is pinned to the commit that the tag names now. Publishing it again is a no-op.

    Raises:
        Refused: REPOSITORY-UNKNOWN, PATH-TAG-UNKNOWN, PATH-TAG-INVALID, PATH-FILE-MISSING,
            PATH-TAG-MOVED, PATH-BROKEN, ACCESS-DENIED, TEMPLATE-… as the renderer says.
    """
    commit = _find_commit(platform, repository, tag)
    entity = _read_entity(platform, repository, commit)
    rights.check_owner(
        actor, str(entity.spec["owner"]), what=f"publish golden path '{entity.name}'"
    )
    with platform.store.read() as tx:
        known = tx.golden_paths.find_version(entity.name, tag)
    if known is not None:
        _check_pinned(known, repository, commit)
        return known
    made = _make_version(platform, actor, entity, repository=repository, tag=tag, commit=commit)
    with platform.store.write() as tx:
        known = tx.golden_paths.find_version(made.path, tag)
        if known is not None:
            _check_pinned(known, repository, commit)
            return known
        _store(tx, actor, made)
    return made


def _find_commit(platform: Platform, repository: str, tag: str) -> str:
    what = f"cannot publish '{tag}' of repository '{repository}'"
    if version.parse_version(tag) is None:
        raise Refused(
            "PATH-TAG-INVALID",
            what=what,
            why=f"'{tag}' is no version",
            fix="name the tag like v1 or v1.4.0",
        )
    refs = platform.source_control.list_refs(repository, prefix="refs/tags/")
    commit = refs.get(f"refs/tags/{tag}")
    if commit is None:
        known = ", ".join(sorted(ref.removeprefix("refs/tags/") for ref in refs)) or "none"
        raise Refused(
            "PATH-TAG-UNKNOWN",
            what=what,
            why=f"there is no such tag; the tags are {known}",
            fix=f"push it first: git tag {tag} && git push origin {tag}",
            status=404,
        )
    return commit


def _read_entity(platform: Platform, repository: str, commit: str) -> Entity:
    def read(path: str) -> bytes | None:
        file = platform.source_control.find_file(repository, commit, path)
        return file.content if file else None

    entity = path_document.find_path(read)
    if entity is None:
        raise Refused(
            "PATH-FILE-MISSING",
            what=f"cannot publish repository '{repository}' as a golden path",
            why=f"it has no {PATH_FILE} with a GoldenPath at its root, nor a template.yaml of "
            "Backstage",
            fix=f"add {PATH_FILE}; see docs/howto/publish_a_golden_path.md",
        )
    return entity


def _check_pinned(known: PathVersion, repository: str, commit: str) -> None:
    if (known.repository, known.commit) != (repository, commit):
        raise Refused(
            "PATH-TAG-MOVED",
            what=f"cannot publish '{known.version}' of golden path '{known.path}'",
            why=f"it was published as commit {known.commit[:12]} of '{known.repository}', and the "
            f"tag leads to {commit[:12]} of '{repository}' now",
            fix="put the tag back, and publish what is new as a new version",
            status=409,
        )


def _make_version(
    platform: Platform, actor: Actor, entity: Entity, *, repository: str, tag: str, commit: str
) -> PathVersion:
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder)
        platform.source_control.export(repository, commit, template)
        _check_template(platform, entity, template)
        overlay = entity.spec.get("parameters")
        whole = parameters.merge_parameters(
            platform.renderer.read_parameters(template),
            overlay if isinstance(overlay, dict) else {},
        )
    file = platform.source_control.find_file(
        repository, commit, str(entity.spec.get("changelog", _CHANGELOG))
    )
    environments = entity.spec.get("environments")
    spec = {**entity.spec, "parameters": whole, "repository": repository, "version": tag}
    return PathVersion(
        path=entity.name,
        version=tag,
        repository=repository,
        commit=commit,
        parameters=whole,
        environments=tuple(map(str, environments)) if isinstance(environments, list) else (),
        document={**entity.document, "spec": spec},
        changelog=file.content.decode(errors="replace") if file else "",
        published_at=platform.clock.now(),
        published_by=actor.name,
    )


def _check_template(platform: Platform, entity: Entity, template: Path) -> None:
    denied = [finding for finding in platform.renderer.check(template) if finding.level == "deny"]
    if denied:
        first = denied[0]
        raise Refused(
            "PATH-BROKEN",
            what=f"cannot publish golden path '{entity.name}'",
            why=f"{first.at}: {first.text}" if first.at else first.text,
            fix=first.fix,
        )


def _store(tx: Transaction, actor: Actor, made: PathVersion) -> None:
    """Add the version; the entity shows the newest one."""
    versions = [item.version for item in tx.golden_paths.list_versions(made.path)]
    tx.golden_paths.add_version(made)
    repository = tx.repositories.find(made.repository)
    if version.find_newest([*versions, made.version]) == made.version:
        tx.entities.put_many(
            [Entity(made.document)],
            actor=actor.name,
            at=made.published_at,
            location=f"repository:{made.repository}",
        )
    if repository is not None and not repository.protected:
        tx.repositories.put(dataclasses.replace(repository, protected=("v*",)))
    tx.audit.append(
        AuditEvent(
            type="golden-path.published",
            subject=f"golden-path/{made.path}/{made.version}",
            actor=actor.name,
            at=made.published_at,
            data={"repository": made.repository, "commit": made.commit},
        )
    )
