"""What a Node project says about itself.

Belongs here: reading package.json and its lock. Never here: running anything.
Start at `read_node_project`.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from fairway.drivers.bundle.project import InvalidProject
from fairway.kits import digest as digests
from fairway.kits.canonical import JsonObject, JsonValue
from fairway.kits.digest import Digest

LOCK = "package-lock.json"
_DEPENDENCIES = ("dependencies", "optionalDependencies", "devDependencies", "peerDependencies")
_LOCKED = ("dependencies", "optionalDependencies", "devDependencies")
_AT_RUN_TIME = ("dependencies", "optionalDependencies")
# What decides a resolution or an installation; other changes of package.json keep them.
_KEPT = (*_DEPENDENCIES, "overrides", "engines", "allowScripts", "bundleDependencies")
_OTHER_LOCKS = ("pnpm-lock.yaml", "yarn.lock", "bun.lock", "bun.lockb")
_MAJOR = re.compile(r"(>=)?\s*[~^]?(\d+)(?:\.(?:\d+|x|\*))*")
# What `npm init` writes for want of tests.
_NO_TESTS = "no test specified"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeProject:
    """How a source tree with package.json describes itself.

    `lock` is the text of package-lock.json, empty without one. `input_digest` covers what decides
    a resolution. `node` is the major version that it insists on, empty for any from `oldest_node`.
    `allowed` are the packages whose install scripts are run. `site` is the folder that the platform
    serves once it is built, empty for a program of the project's own.
    """

    lock: str
    input_digest: Digest
    scripts: Mapping[str, str]
    node: str = ""
    oldest_node: int = 0
    site: str = ""
    allowed: tuple[str, ...] = ()
    has_dependencies: bool = False
    has_runtime_dependencies: bool = False

    @property
    def has_tests(self) -> bool:
        return _NO_TESTS not in self.scripts.get("test", _NO_TESTS)


def is_node_project(tree: Path) -> bool:
    return (tree / "package.json").is_file()


def read_node_project(tree: Path) -> NodeProject:
    """Return how the unpacked `tree` describes itself.

    Raises:
        InvalidProject: package.json is not JSON, or asks for what a build does not do.
    """
    package = _read_object(tree / "package.json")
    _check_lock_files(tree)
    _check_local(package)
    lock = _read_lock(tree / LOCK, package)
    npmrc = tree / ".npmrc"
    decided: dict[str, JsonValue] = {key: package[key] for key in _KEPT if key in package}
    decided["lock"] = lock
    decided[".npmrc"] = npmrc.read_text(errors="replace") if npmrc.is_file() else ""
    engine = _MAJOR.fullmatch(str(_get_object(package, "engines").get("node", "")).strip())
    return NodeProject(
        lock=lock,
        input_digest=digests.make_value_digest(decided),
        scripts={key: str(value) for key, value in _get_object(package, "scripts").items()},
        node=engine[2] if engine and not engine[1] else "",
        oldest_node=int(engine[2]) if engine and engine[1] else 0,
        site=_read_site(package),
        allowed=_list_allowed(package),
        has_dependencies=any(_get_object(package, key) for key in _DEPENDENCIES),
        has_runtime_dependencies=any(_get_object(package, key) for key in _AT_RUN_TIME),
    )


def _read_object(path: Path) -> JsonObject:
    fix = f"correct {path.name}"
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise InvalidProject(f"{path.name}: {error}", fix=fix) from error
    if not isinstance(value, dict):
        raise InvalidProject(f"{path.name} is not an object", fix=fix)
    return value


def _read_lock(path: Path, package: JsonObject) -> str:
    """Return the lock's text, which has to list what `package` asks for."""
    if not path.is_file():
        return ""
    root = _get_object(_get_object(_read_object(path), "packages"), "")
    for key in _LOCKED:
        wanted, locked = _get_object(package, key), _get_object(root, key)
        odd = sorted(name for name in wanted | locked if wanted.get(name) != locked.get(name))
        if root and odd:
            why = f"package-lock.json does not fit {key} of package.json: {', '.join(odd)}"
            raise InvalidProject(why, fix="run `npm install` and commit package-lock.json")
    return path.read_text(encoding="utf-8")


def _get_object(package: JsonObject, name: str) -> dict[str, JsonValue]:
    value = package.get(name, {})
    if not isinstance(value, Mapping):
        fix = f"write {name} as an object"
        raise InvalidProject(f"package.json: {name} is not an object", fix=fix)
    return dict(value)


def _check_lock_files(tree: Path) -> None:
    """Refuse a project whose lock npm would pass over in silence."""
    others = [name for name in _OTHER_LOCKS if (tree / name).is_file()]
    if others and not (tree / LOCK).is_file():
        why = f"it is locked by {others[0]}, which npm does not read"
        fix = "run `npm install --package-lock-only` and commit package-lock.json"
        raise InvalidProject(why, fix=fix)


def _check_local(package: JsonObject) -> None:
    """Refuse packages of the tree itself: they would be missing from the bundle."""
    fix = "give the service a folder of its own, and publish what it shares with others"
    if package.get("workspaces"):
        raise InvalidProject("package.json: workspaces are not built", fix=fix)
    for key in _DEPENDENCIES:
        for name, version in _get_object(package, key).items():
            if str(version).startswith(("file:", "link:", "workspace:", ".", "/", "~/")):
                why = f"package.json: {key}.{name} is a folder, '{version}'"
                raise InvalidProject(why, fix=fix)


def _read_site(package: JsonObject) -> str:
    site = _get_object(package, "fairway").get("site", "")
    path = PurePosixPath(str(site))
    if not isinstance(site, str) or path.is_absolute() or ".." in path.parts:
        fix = 'name a folder below the project\'s, as in {"fairway": {"site": "dist"}}'
        raise InvalidProject(f"package.json: fairway.site is {site!r}", fix=fix)
    if site and not path.parts:
        fix = "let the build write to a folder of its own, and name that"
        raise InvalidProject("package.json: fairway.site is the whole project", fix=fix)
    return path.as_posix() if site else ""


def _list_allowed(package: JsonObject) -> tuple[str, ...]:
    """Return the names in npm's `allowScripts`, whose keys may carry a version."""
    keys = (key for key, value in _get_object(package, "allowScripts").items() if value is True)
    return tuple(sorted({key[:1] + key[1:].partition("@")[0] for key in keys}))
