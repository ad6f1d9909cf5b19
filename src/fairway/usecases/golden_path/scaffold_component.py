"""Making a service from a golden path: repository, first commit, entities, link, all or nothing.

Belongs here: choosing the version, checking answers, what is rendered and what is registered.
Never here: rendering, git. Start at `scaffold_component`.
"""

import dataclasses
import tempfile
from dataclasses import dataclass
from pathlib import Path

from fairway.core.audit.event import AuditEvent
from fairway.core.catalog.ref import parse_entity_ref
from fairway.core.golden_path import version
from fairway.core.golden_path.golden_path import PathLink, PathVersion
from fairway.core.source.repository import Push, Repository
from fairway.core.source.tree import Tree, make_file_digests
from fairway.formats.catalog_source import ReadFile
from fairway.kits import spelling
from fairway.kits.canonical import JsonObject
from fairway.kits.errors import Refused
from fairway.ports.renderer import Rendering, RenderLimits
from fairway.ports.source_control import Signature
from fairway.ports.store.store import Transaction
from fairway.usecases.access import rights
from fairway.usecases.catalog import ingest_source
from fairway.usecases.platform import Actor, Platform
from fairway.usecases.source import deliver_push

DEFAULT_BRANCH = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaffoldRequest:
    """What to make: `version` empty means the newest, `answers` are by parameter."""

    path: str
    name: str
    owner: str
    version: str = ""
    answers: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaffolded:
    """What was made, or with a dry run what would be; `commit` is empty then.

    `output` is what the template tells whoever used it.
    """

    repository: Repository
    version: PathVersion
    tree: Tree
    answers: JsonObject
    output: JsonObject
    commit: str = ""


def scaffold_component(
    platform: Platform, actor: Actor, request: ScaffoldRequest, *, is_dry_run: bool = False
) -> Scaffolded:
    """Render a golden path into a new repository, register it, and start its first delivery.

    A failure at any point leaves neither repository nor entity nor link.

    Raises:
        Refused: PATH-UNKNOWN, PATH-VERSION-UNKNOWN, PATH-DEPRECATED, PATH-REQUIRES, NAME-TAKEN,
            OWNER-UNKNOWN, ACCESS-DENIED, PARAMETER-INVALID naming the field, PATH-BROKEN, and what
            the renderer refuses.
    """
    with platform.store.read() as tx:
        chosen = find_version(tx, request.path, request.version)
        _check_offer(tx, chosen)
        _check_name(tx, request.name)
        _check_owner(tx, request.owner)
    rights.check_owner(actor, request.owner, what=f"make service '{request.name}' for its owner")
    answers = check_answers(
        platform,
        chosen,
        {
            **request.answers,
            **_answer_for_actor(chosen, actor),
            "name": request.name,
            "owner": request.owner,
        },
    )
    (rendering,) = render_version(platform, chosen, [answers])
    made = Scaffolded(
        repository=Repository(
            name=request.name,
            owner=request.owner,
            component=request.name,
            default_branch=DEFAULT_BRANCH,
            environments=chosen.environments,
            created_at=platform.clock.now(),
            created_by=actor.name,
        ),
        version=chosen,
        tree=rendering.tree,
        answers=rendering.answers,
        output=rendering.output,
    )
    _check_rendering(made)
    with platform.store.read() as tx:
        ingest_source.check_ingestion(platform, tx, actor, made.repository, read=_make_reader(made))
    if is_dry_run:
        return made
    commit = _write_commit(platform, actor, made)
    with platform.store.write() as tx:
        _check_name(tx, request.name)
        _register(platform, tx, actor, made, commit=commit)
    return dataclasses.replace(made, commit=commit)


def find_version(tx: Transaction, path: str, wanted: str = "") -> PathVersion:
    """Return the published version `wanted` of a path, the newest if empty.

    Raises:
        Refused: PATH-UNKNOWN, PATH-VERSION-UNKNOWN.
    """
    versions = {item.version: item for item in tx.golden_paths.list_versions(path)}
    if not versions:
        raise Refused(
            "PATH-UNKNOWN",
            what=f"cannot use golden path '{path}'",
            why="no version of a path of that name was published",
            fix="see those there are with: fairway path list",
            status=404,
        )
    found = versions.get(wanted or version.find_newest(versions) or "")
    if found is None:
        raise Refused(
            "PATH-VERSION-UNKNOWN",
            what=f"cannot use '{wanted}' of golden path '{path}'",
            why=f"it was not published; the versions are {', '.join(versions)}",
            fix="use one of these",
            status=404,
        )
    return found


def check_answers(platform: Platform, chosen: PathVersion, answers: JsonObject) -> JsonObject:
    """Return the answers that the path has parameters for, once they are valid.

    Raises:
        Refused: PARAMETER-INVALID naming each field.
    """
    properties = chosen.parameters.get("properties")
    known = properties if isinstance(properties, dict) else {}
    # Every path gets these two; one that does not ask for them does not need them.
    given = {
        key: value for key, value in answers.items() if key in known or key not in ("name", "owner")
    }
    problems = [
        f"'{key}' is no parameter{_suggest(key, known)}" for key in given if key not in known
    ]
    problems += platform.schemas.list_errors(
        chosen.parameters, {key: given[key] for key in given if key in known}
    )
    if problems:
        raise Refused(
            "PARAMETER-INVALID",
            what=f"cannot use golden path '{chosen.path}' {chosen.version} with these answers",
            why="; ".join(problems),
            fix=f"see what it asks for with: fairway path show {chosen.path}",
        )
    return given


def _answer_for_actor(chosen: PathVersion, actor: Actor) -> JsonObject:
    """Return the answers that nobody gives: who asks, where the template wants to know."""
    properties = chosen.parameters.get("properties")
    known = properties if isinstance(properties, dict) else {}
    return {
        name: f"user:default/{actor.name}"
        for name, schema in known.items()
        if isinstance(schema, dict) and schema.get("x-fairway-answer") == "user"
    }


def _suggest(key: str, known: JsonObject) -> str:
    meant = spelling.suggest(key, known)
    return f"; did you mean '{meant}'?" if meant else ""


def render_version(
    platform: Platform, chosen: PathVersion, answers: list[JsonObject]
) -> tuple[Rendering, ...]:
    """Render the version's template as it was published, once for each of `answers`.

    Raises:
        Refused: what the renderer refuses.
    """
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder)
        platform.source_control.export(chosen.repository, chosen.commit, template)
        return platform.renderer.render(template, answers, limits=RenderLimits())


def _check_offer(tx: Transaction, chosen: PathVersion) -> None:
    what = f"cannot make a service from golden path '{chosen.path}' {chosen.version}"
    entity = tx.entities.find(f"goldenpath:default/{chosen.path}")
    if entity is not None and entity.entity.spec.get("lifecycle") == "deprecated":
        raise Refused(
            "PATH-DEPRECATED",
            what=what,
            why=f"its owner '{entity.entity.spec.get('owner')}' has deprecated it",
            fix="see others with: fairway path list",
        )
    spec = chosen.document.get("spec")
    requires = spec.get("requires") if isinstance(spec, dict) else None
    types = requires.get("resourceTypes", []) if isinstance(requires, dict) else []
    missing = [
        str(name)
        for name in (types if isinstance(types, list) else [])
        if tx.entities.find(f"resourcetype:default/{name}") is None
    ]
    if missing:
        raise Refused(
            "PATH-REQUIRES",
            what=what,
            why=f"this platform offers no resource type '{missing[0]}', which the path requires",
            fix=f"apply a ResourceType '{missing[0]}' and a Provisioner for it",
        )


def _check_name(tx: Transaction, name: str) -> None:
    repository = tx.repositories.find(name)
    entity = tx.entities.find(f"component:default/{name}")
    if repository is None and entity is None:
        return
    owner = repository.owner if repository else entity.entity.spec.get("owner") if entity else ""
    raise Refused(
        "NAME-TAKEN",
        what=f"cannot make service '{name}'",
        why=f"there is a {'repository' if repository else 'component'} of that name, "
        f"owned by '{owner}'",
        fix="choose another name",
        status=409,
    )


def _check_owner(tx: Transaction, owner: str) -> None:
    ref = parse_entity_ref(owner, default_kind="Group", default_namespace="default")
    is_user = ref.kind == "user" and tx.users.find(ref.name) is not None
    if not is_user and tx.entities.find(str(ref)) is None:
        raise Refused(
            "OWNER-UNKNOWN",
            what="cannot make the service",
            why=f"its owner '{ref}' is not in the catalog",
            fix="name a group that is there (fairway list group), or apply a Group of that name",
        )


def _check_rendering(made: Scaffolded) -> None:
    findings = ingest_source.check_source(_make_reader(made))
    denied = [item for item in findings if item.level == "deny"]
    if denied:
        raise Refused(
            "PATH-BROKEN",
            what=f"cannot use golden path '{made.version.path}' {made.version.version}",
            why=f"what it renders is not valid: {denied[0].at}: {denied[0].text}",
            fix="tell the path's owner; fairway path test finds it",
        )


def _write_commit(platform: Platform, actor: Actor, made: Scaffolded) -> str:
    """Store the first commit where nothing leads to it yet."""
    name, path = made.repository.name, made.version
    platform.source_control.create(name, default_branch=made.repository.default_branch)
    return platform.source_control.write_commit(
        name,
        tree=platform.source_control.write_tree(name, made.tree),
        parents=(),
        message=f"Start {name} from golden path {path.path} {path.version}\n\n"
        f"Fairway-Path: {path.path}@{path.version}\n",
        signature=Signature(
            name=actor.name, email=f"{actor.name}@localhost", at=made.repository.created_at
        ),
    )


def _make_reader(made: Scaffolded) -> ReadFile:
    return lambda path: made.tree[path].content if path in made.tree else None


def _register(
    platform: Platform, tx: Transaction, actor: Actor, made: Scaffolded, *, commit: str
) -> None:
    """Make everything known at once; the branch moves last, while nobody else can write."""
    repository, now = made.repository, made.repository.created_at
    tx.repositories.put(repository)
    tx.golden_paths.put_link(
        PathLink(
            component=repository.component,
            repository=repository.name,
            path=made.version.path,
            version=made.version.version,
            answers=made.answers,
            files=make_file_digests(made.tree),
            updated_at=now,
        )
    )
    tx.repositories.add_push(
        Push(
            number=0,
            repository=repository.name,
            branch=repository.default_branch,
            before="",
            after=commit,
            actor=actor.name,
            at=now,
        )
    )
    tx.audit.append(
        AuditEvent(
            type="component.scaffolded",
            subject=f"repository/{repository.name}",
            actor=actor.name,
            at=now,
            data={
                "path": made.version.path,
                "version": made.version.version,
                "commit": commit,
                "owner": repository.owner,
            },
        )
    )
    ingest_source.ingest_source(
        platform,
        tx,
        actor,
        repository,
        commit=commit,
        read=_make_reader(made),
        base_url=platform.base_url,
    )
    deliver_push.mark_push(tx, repository.name, repository.default_branch)
    ref = f"refs/heads/{repository.default_branch}"
    # What a creation that was killed has left is nobody's.
    left = platform.source_control.list_refs(repository.name, prefix=ref).get(ref, "")
    platform.source_control.move_ref(repository.name, ref, to=commit, expected=left)
