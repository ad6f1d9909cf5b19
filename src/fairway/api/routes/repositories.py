"""Repositories: their rules, their contents, and what happened to them.

Belongs here: what is below `/repositories`.
"""

import base64
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from fairway.api import body, document, openapi, parameter
from fairway.api import repository_schema as schema
from fairway.api.answer import JsonAnswer
from fairway.api.context import Ports, Who
from fairway.api.git.endpoint import PREFIX
from fairway.api.parameter import IfMatch, Name
from fairway.core.source.repository import CommitStatus, Push, Repository
from fairway.ports.source_control import CommitEntry, TreeEntry
from fairway.usecases.source import follow_origin, manage_repositories, read_source
from fairway.usecases.source.follow_origin import NewOrigin
from fairway.usecases.source.manage_repositories import Rules

router = APIRouter(tags=["repositories"])
_PATH = "/repositories/{name}"
_TYPES = {"120000": "link", "160000": "submodule"}
Ref = Annotated[
    str,
    Query(
        pattern=r"^[A-Za-z0-9_][-A-Za-z0-9_./]{0,199}$",
        description="A branch, a tag or a commit; the default branch if left out.",
    ),
]
TreePath = Annotated[str, Query(pattern=r"^[^\x00]*$", max_length=4096)]
CommitId = Annotated[str, parameter.Path(pattern=r"^[0-9a-f]{40}$", description="A commit's id.")]
Limit = Annotated[int, Query(ge=1, le=1000)]


@router.get("/repositories", response_model=schema.Repositories)
def list_repositories(platform: Ports, _actor: Who, request: Request) -> JsonAnswer:
    """List repositories by name."""
    with platform.store.read() as tx:
        found = tx.repositories.list_all()
    return JsonAnswer({"items": [_make_repository(item, request) for item in found]})


@router.post(
    "/repositories",
    status_code=201,
    response_model=schema.RepositoryHead,
    responses=openapi.refusals(409),
)
def create_repository(
    platform: Ports, actor: Who, request: Request, wanted: body.NewRepository
) -> JsonAnswer:
    """Create an empty repository."""
    made = manage_repositories.create_repository(
        platform, actor, wanted.name, _make_rules(wanted, owner=wanted.owner)
    )
    headers = {"Location": f"{request.url.path}/{made.name}"}
    return JsonAnswer(_make_repository(made, request), 201, headers=headers)


@router.get(_PATH, response_model=schema.Repository, responses=openapi.refusals(404))
def show_repository(platform: Ports, _actor: Who, request: Request, name: Name) -> JsonAnswer:
    """Return a repository with its branches and tags; the ETag is its revision."""
    with platform.store.read() as tx:
        found = manage_repositories.get_repository(tx, name)
        origin = tx.repositories.find_origin(name)
    contents = read_source.read_contents(platform, name)
    answer = {
        **_make_repository(found, request),
        "branches": [
            {
                "name": branch,
                "isProtected": found.is_protected(branch),
                "commit": _make_commit(commit),
            }
            for branch, commit in contents.branches.items()
        ],
        "tags": [{"name": tag, "commit": commit} for tag, commit in contents.tags.items()],
        "originState": {
            "hasCredentials": origin.credentials is not None,
            "hasHookSecret": origin.hook_secret is not None,
            "followedAt": document.render_time(origin.followed_at),
            "problem": origin.problem,
        }
        if origin
        else None,
    }
    return JsonAnswer(answer, headers={"ETag": f'"{found.revision}"'})


@router.post(_PATH, response_model=schema.RepositoryHead, responses=openapi.refusals(404, 412))
def change_repository(
    platform: Ports,
    actor: Who,
    request: Request,
    name: Name,
    *,
    wanted: body.RepositoryRules,
    if_match: IfMatch = None,
) -> JsonAnswer:
    """Change the fields that are given."""
    changed = manage_repositories.change_repository(
        platform,
        actor,
        name,
        _make_rules(wanted, owner=wanted.owner),
        expected=parameter.parse_revision(if_match, what=f"cannot change repository '{name}'"),
    )
    return JsonAnswer(_make_repository(changed, request))


@router.delete(_PATH, status_code=204, responses=openapi.refusals(404, 409, 412))
def delete_repository(
    platform: Ports, actor: Who, name: Name, *, if_match: IfMatch = None
) -> Response:
    """Delete a repository with all its commits."""
    expected = parameter.parse_revision(if_match, what=f"cannot delete repository '{name}'")
    manage_repositories.delete_repository(platform, actor, name, expected=expected)
    return Response(status_code=204)


@router.get(f"{_PATH}/commits", response_model=schema.Commits, responses=openapi.refusals(404))
def list_commits(
    platform: Ports, _actor: Who, name: Name, *, ref: Ref = "", limit: Limit = 50
) -> JsonAnswer:
    """List the commits that lead to a branch, a tag or a commit, newest first."""
    found = read_source.list_commits(platform, name, ref, limit=limit)
    return JsonAnswer({"items": [_make_commit(item) for item in found]})


@router.get(f"{_PATH}/tree", response_model=schema.Tree, responses=openapi.refusals(404))
def list_folder(
    platform: Ports, _actor: Who, name: Name, *, ref: Ref = "", path: TreePath = ""
) -> JsonAnswer:
    """List what is directly in a folder."""
    found = read_source.list_folder(platform, name, ref, path)
    return JsonAnswer({"items": [_make_tree_item(*item) for item in found.items()]})


@router.get(f"{_PATH}/file", response_model=schema.SourceFile, responses=openapi.refusals(404, 413))
def read_file(
    platform: Ports, _actor: Who, name: Name, *, ref: Ref = "", path: TreePath
) -> JsonAnswer:
    """Return a file's content."""
    found = read_source.read_file(platform, name, ref, path)
    try:
        encoding, content = "utf-8", found.content.decode()
    except UnicodeDecodeError:
        encoding, content = "base64", base64.b64encode(found.content).decode()
    return JsonAnswer({"path": path, "mode": found.mode, "encoding": encoding, "content": content})


@router.get(
    f"{_PATH}/statuses/{{commit}}",
    response_model=schema.CommitStatuses,
    responses=openapi.refusals(404),
)
def list_statuses(platform: Ports, _actor: Who, name: Name, commit: CommitId) -> JsonAnswer:
    """List what the platform says of a commit, by context."""
    with platform.store.read() as tx:
        manage_repositories.get_repository(tx, name)
        found = tx.repositories.list_statuses(name, commit)
    return JsonAnswer({"items": [_make_status(item) for item in found]})


@router.get(f"{_PATH}/pushes", response_model=schema.Pushes, responses=openapi.refusals(404))
def list_pushes(
    platform: Ports,
    _actor: Who,
    name: Name,
    *,
    branch: Ref = "",
    limit: Limit = 50,
) -> JsonAnswer:
    """List pushes, newest first."""
    with platform.store.read() as tx:
        manage_repositories.get_repository(tx, name)
        found = tx.repositories.list_pushes(name, branch=branch or None, limit=limit)
    return JsonAnswer({"items": [_make_push(item) for item in found]})


@router.post(
    f"{_PATH}/backup",
    status_code=201,
    response_model=schema.RepositoryBackup,
    responses=openapi.refusals(404, 409),
)
def back_up_repository(platform: Ports, actor: Who, name: Name) -> JsonAnswer:
    """Write a repository into one file on the platform's machine."""
    path = manage_repositories.back_up_repository(platform, actor, name)
    return JsonAnswer({"file": str(path)}, 201)


@router.post(
    f"{_PATH}/origin", response_model=schema.RepositoryHead, responses=openapi.refusals(404)
)
def set_origin(
    platform: Ports, actor: Who, request: Request, name: Name, *, wanted: body.Origin
) -> JsonAnswer:
    """Have a repository follow one on another server; with an empty address, none."""
    origin = NewOrigin(url=wanted.url, credentials=wanted.credentials) if wanted.url else None
    changed = follow_origin.set_origin(platform, actor, name, origin)
    return JsonAnswer(_make_repository(changed, request))


@router.post(
    f"{_PATH}/origin/accept-rewrite",
    status_code=204,
    responses=openapi.refusals(404, 409),
)
def accept_rewrite(platform: Ports, actor: Who, name: Name) -> Response:
    """Make protected branches as they are at the origin, even where it was rewritten."""
    follow_origin.accept_rewrite(platform, actor, name)
    return Response(status_code=204)


@router.post(
    f"{_PATH}/hook-secret",
    status_code=201,
    response_model=schema.HookSecret,
    responses=openapi.refusals(404),
)
def create_hook_secret(platform: Ports, actor: Who, name: Name) -> JsonAnswer:
    """Make the secret of a repository's webhook; the one before is void."""
    secret = follow_origin.make_hook_secret(platform, actor, name)
    return JsonAnswer({"path": f"/api/v1/hooks/{name}", "secret": secret}, 201)


def _make_rules(wanted: body.RepositoryRules, *, owner: str | None) -> Rules:
    return Rules(
        owner=owner,
        component=wanted.component,
        default_branch=wanted.default_branch,
        environments=None if wanted.environments is None else tuple(wanted.environments),
        protected=None if wanted.protected is None else tuple(wanted.protected),
    )


def _make_repository(repository: Repository, request: Request) -> document.Json:
    base = str(request.base_url).rstrip("/")
    return {
        "name": repository.name,
        "owner": repository.owner,
        "component": repository.component,
        "defaultBranch": repository.default_branch,
        "environments": list(repository.environments),
        "protected": list(repository.protected),
        "origin": repository.origin,
        "cloneUrl": f"{base}{PREFIX}{repository.name}.git",
        "createdAt": document.render_time(repository.created_at),
        "createdBy": repository.created_by,
        "revision": repository.revision,
    }


def _make_commit(commit: CommitEntry) -> document.Json:
    return {
        "id": commit.id,
        "parents": list(commit.parents),
        "author": commit.author.name,
        "email": commit.author.email,
        "at": document.render_time(commit.author.at),
        "message": commit.message,
    }


def _make_tree_item(name: str, entry: TreeEntry | None) -> document.Json:
    # Names need not be UTF-8 in git; in JSON they are.
    shown = name.encode(errors="surrogateescape").decode(errors="replace")
    if entry is None:
        return {"name": shown, "type": "folder", "mode": "040000", "size": None}
    return {
        "name": shown,
        "type": _TYPES.get(entry.mode, "file"),
        "mode": entry.mode,
        "size": entry.size if entry.size >= 0 else None,
    }


def _make_status(status: CommitStatus) -> document.Json:
    return {
        "context": status.context,
        "state": status.state,
        "text": status.text,
        "run": status.run or None,
        "at": document.render_time(status.at),
    }


def _make_push(push: Push) -> document.Json:
    return {
        "number": push.number,
        "branch": push.branch,
        "before": push.before,
        "after": push.after,
        "actor": push.actor,
        "at": document.render_time(push.at),
    }
