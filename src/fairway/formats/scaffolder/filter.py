"""The filters that Backstage adds to Nunjucks.

Belongs here: reading refs and the addresses of repositories. Never here: Nunjucks' own.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, quote

from fairway.core.catalog.ref import parse_entity_ref
from fairway.formats.scaffolder.nunjucks import UNDEFINED, NunjucksError
from fairway.kits.errors import Refused

Call = Callable[[Any, list[Any]], Any]
_PARTS = ("owner", "repo", "organization", "workspace", "project")
_STEP = re.compile(r"[^.[\]]+|\[(?:(-?\d+(?:\.\d+)?)|([\"'])((?:\\.|(?!\2).)*)\2)\]")


def make_repo_url(*, host: str, owner: str, repo: str) -> str:
    """Return the address of a repository as the RepoUrlPicker gives it.

    Example:
        >>> make_repo_url(host="git.example.com", owner="shop", repo="orders")
        'git.example.com?owner=shop&repo=orders'
    """
    return f"{host}?owner={quote(owner, safe='')}&repo={quote(repo, safe='')}"


def parse_repo_url(url: str) -> dict[str, str]:
    """Return the parts of a repository's address, `host` and `repo` among them.

    Raises:
        NunjucksError: one of these two is missing.

    Example:
        >>> parse_repo_url("git.example.com?owner=shop&repo=orders")
        {'host': 'git.example.com', 'owner': 'shop', 'repo': 'orders'}
    """
    host, _, query = url.partition("?")
    given = parse_qs(query, keep_blank_values=True)
    parts = {name: given[name][0] for name in _PARTS if name in given}
    host = host.rstrip("/")
    if not host or not parts.get("repo"):
        raise NunjucksError(f"'{url}' is no address such as host?owner=shop&repo=orders")
    return {"host": host, **parts}


def _parse_url(value: Any, _: list[Any]) -> Any:
    return parse_repo_url(_require_text(value))


def _make_slug(value: Any, _: list[Any]) -> Any:
    parts = parse_repo_url(_require_text(value))
    return f"{parts.get('owner', 'undefined')}/{parts['repo']}"


def _parse_ref(value: Any, given: list[Any]) -> Any:
    defaults = given[0] if given and isinstance(given[0], dict) else {}
    try:
        ref = parse_entity_ref(
            _require_text(value),
            default_kind=defaults.get("defaultKind"),
            default_namespace=defaults.get("defaultNamespace", "default"),
        )
    except Refused as refused:
        raise NunjucksError(refused.why) from refused
    return {"kind": ref.kind, "namespace": ref.namespace, "name": ref.name}


def _pick(value: Any, given: list[Any]) -> Any:
    path = given[0] if given else UNDEFINED
    if isinstance(path, list):
        keys = [str(key) for key in path]
    elif isinstance(value, dict) and isinstance(path, str) and path in value:
        return value[path]
    else:
        keys = [step[1] or step[3] or step[0] for step in _STEP.finditer(_require_text(path))]
    for key in keys:
        if isinstance(value, dict):
            value = value.get(key, UNDEFINED)
        elif isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        else:
            return UNDEFINED
    return value


def _require_text(value: Any) -> str:
    if not isinstance(value, str):
        raise NunjucksError("it takes a text")
    return value


FILTERS: Mapping[str, Call] = {
    "parseEntityRef": _parse_ref,
    "parseRepoUrl": _parse_url,
    "pick": _pick,
    "projectSlug": _make_slug,
}
