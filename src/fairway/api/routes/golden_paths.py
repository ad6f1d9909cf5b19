"""Golden paths: which there are, publishing them, making services from them.

Belongs here: what is below `/golden-paths`. Upgrades have a module of their own.
"""

from typing import cast

import msgspec
from fastapi import APIRouter
from fastapi.responses import Response

from fairway.api import body, document, openapi
from fairway.api import golden_path_schema as schema
from fairway.api import schema as run_schema
from fairway.api.answer import JsonAnswer, make_run_answer
from fairway.api.context import Ports, Who
from fairway.api.parameter import Name
from fairway.core.golden_path.golden_path import PathVersion
from fairway.kits.canonical import JsonObject
from fairway.kits.digest import Digest
from fairway.kits.errors import Refused
from fairway.usecases.golden_path import (
    adopt_component,
    builtin_path,
    list_paths,
    prove_path,
    publish_path,
    scaffold_component,
)
from fairway.usecases.golden_path.list_paths import PathSummary
from fairway.usecases.golden_path.scaffold_component import Scaffolded, ScaffoldRequest

router = APIRouter(tags=["golden paths"])


@router.get("/golden-paths", response_model=schema.GoldenPaths)
def list_golden_paths(platform: Ports, _actor: Who) -> JsonAnswer:
    """List golden paths by name."""
    with platform.store.read() as tx:
        paths = list_paths.list_paths(tx)
    return JsonAnswer({"items": [_make_head(item) for item in paths]})


@router.get(
    "/golden-paths/{path}", response_model=schema.GoldenPath, responses=openapi.refusals(404)
)
def get_golden_path(platform: Ports, _actor: Who, path: Name) -> JsonAnswer:
    """Return a golden path: what its newest version asks for, and all versions."""
    builtin_path.ensure_builtin(platform, path)
    with platform.store.read() as tx:
        found = list_paths.get_path(tx, path)
    newest = found.versions[0]
    return JsonAnswer(
        {
            **_make_head(found),
            "environments": list(newest.environments),
            "parameters": newest.parameters,
            "changelog": newest.changelog,
            "versions": [_make_version(item) for item in found.versions],
        }
    )


@router.post(
    "/golden-paths",
    status_code=201,
    response_model=schema.PathVersion,
    responses=openapi.refusals(404, 409),
)
def publish_golden_path(platform: Ports, actor: Who, request: body.Publication) -> JsonAnswer:
    """Make a tag a version; the same tag again changes nothing."""
    made = publish_path.publish_path(
        platform, actor, repository=request.repository, tag=request.tag
    )
    return JsonAnswer(_make_version(made), 201)


@router.post(
    "/golden-paths/check", response_model=schema.TemplateFindings, responses=openapi.refusals(404)
)
def check_template(platform: Ports, _actor: Who, request: body.Template) -> JsonAnswer:
    """Say what is wrong with the template in an uploaded source archive."""
    findings = prove_path.check_template(platform, Digest(request.source))
    return JsonAnswer({"findings": [msgspec.to_builtins(item) for item in findings]})


@router.post(
    "/golden-paths/test",
    status_code=202,
    response_model=run_schema.RunHead,
    responses={**openapi.RUN_STARTED, **openapi.refusals(404)},
)
def test_path(platform: Ports, actor: Who, request: body.PathTest) -> Response:
    """Render, build, test, deploy and remove every example."""
    if (request.source is None) == (request.path is None):
        raise Refused(
            "REQUEST-INVALID",
            what="cannot test a golden path",
            why="exactly one of 'source' and 'path' must be given",
            fix="give the digest of an uploaded template, or a published path's name",
        )
    if request.source is not None:
        source = Digest(request.source)
    else:
        source = prove_path.archive_version(platform, request.path or "", request.version)
    return make_run_answer(prove_path.prove_path(platform, actor, source=source, like=request.like))


@router.post(
    "/golden-paths/{path}/services",
    status_code=201,
    response_model=schema.Scaffolded,
    responses=openapi.refusals(404, 409),
)
def make_service(platform: Ports, actor: Who, path: Name, request: body.Service) -> JsonAnswer:
    """Make a service: repository, first commit, entities, all or nothing."""
    builtin_path.ensure_builtin(platform, path)
    made = scaffold_component.scaffold_component(
        platform,
        actor,
        ScaffoldRequest(
            path=path,
            name=request.name,
            owner=request.owner,
            version=request.version,
            answers=cast("JsonObject", request.answers),
        ),
        is_dry_run=request.dry_run,
    )
    return JsonAnswer(_make_scaffolded(made, is_dry_run=request.dry_run), 201)


@router.put(
    "/golden-paths/{path}/services/{name}",
    response_model=schema.PathLink,
    responses=openapi.refusals(404, 409),
)
def adopt_service(
    platform: Ports, actor: Who, *, path: Name, name: Name, request: body.Adoption
) -> JsonAnswer:
    """Put the service in a repository that is there on the path; nothing of it changes."""
    wanted = ScaffoldRequest(
        path=path,
        name=name,
        owner="",
        version=request.version,
        answers=cast("JsonObject", request.answers),
    )
    link = adopt_component.adopt_component(platform, actor, wanted)
    return JsonAnswer(
        {
            "component": link.component,
            "repository": link.repository,
            "path": link.path,
            "version": link.version,
            "answers": link.answers,
            "updatedAt": document.render_time(link.updated_at),
        }
    )


def _make_head(found: PathSummary) -> JsonObject:
    entity, newest = found.entity, found.versions[0]
    return {
        "name": entity.name,
        "title": entity.title or entity.name,
        "description": str(entity.metadata.get("description", "")),
        "owner": str(entity.spec.get("owner", "")),
        "lifecycle": str(entity.spec.get("lifecycle", "")),
        "type": str(entity.spec.get("type", "")),
        "version": newest.version,
        "services": found.services,
    }


def _make_version(item: PathVersion) -> JsonObject:
    return {
        "version": item.version,
        "repository": item.repository,
        "commit": item.commit,
        "publishedAt": document.render_time(item.published_at),
        "publishedBy": item.published_by,
    }


def _make_scaffolded(made: Scaffolded, *, is_dry_run: bool) -> JsonObject:
    return {
        "name": made.repository.name,
        "owner": made.repository.owner,
        "path": made.version.path,
        "version": made.version.version,
        "answers": made.answers,
        "environments": list(made.repository.environments),
        "files": [
            {"path": path, "size": len(file.content), "mode": file.mode}
            for path, file in sorted(made.tree.items())
        ],
        "output": made.output,
        "commit": made.commit,
        "isDryRun": is_dry_run,
    }
