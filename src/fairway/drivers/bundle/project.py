"""What a source tree says about its dependencies and tests.

Belongs here: recognising how a Python project is described (pyproject.toml, uv.lock, requirements
files). Never here: running anything. Start at `read_project`.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fairway.kits import digest as digests
from fairway.kits.canonical import JsonValue
from fairway.kits.digest import Digest

_TEST_NAMES = ("dev", "test", "tests", "testing")
_TEST_FILES = (
    "requirements-dev.txt",
    "requirements-test.txt",
    "requirements-tests.txt",
    "dev-requirements.txt",
    "test-requirements.txt",
)
_INCLUDE = re.compile(r"^\s*(?:-r|-c|--requirement|--constraint)[\s=]+(\S+)", re.MULTILINE)
_LOCAL = re.compile(r"^\s*(?:-e\b|--editable\b|\.{0,2}/|\.\s*$|.*@\s*file:)", re.MULTILINE)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class InvalidProject(Exception):
    """The project's own description is wrong; `fix` says what to do."""

    def __init__(self, why: str, *, fix: str) -> None:
        super().__init__(why)
        self.why = why
        self.fix = fix


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """How a source tree describes itself.

    `kind` is `locked` (uv.lock), `hashed` (requirements.txt with a hash for each), `requirements`,
    `pyproject` or `plain` (no Python dependencies). `input_digest` covers all that a resolution
    depends on. `path` lists the folders of modules, relative to the tree.
    """

    kind: Literal["locked", "hashed", "requirements", "pyproject", "plain"]
    input_digest: Digest
    path: tuple[str, ...] = (".",)
    has_tests: bool = False
    test_groups: tuple[str, ...] = ()
    test_extras: tuple[str, ...] = ()
    test_files: tuple[str, ...] = ()


def read_project(tree: Path, source: Digest) -> Project:
    """Return how the unpacked `tree`, whose archive has the digest `source`, describes itself.

    Raises:
        InvalidProject: pyproject.toml is not TOML, or a lock does not fit it.
    """
    document = _read_toml(tree / "pyproject.toml")
    project = _get_table(document, "project")
    has_requirements = (tree / "requirements.txt").is_file()
    kind: Literal["locked", "hashed", "requirements", "pyproject", "plain"] = "plain"
    if project and (tree / "uv.lock").is_file():
        kind = "locked"
        _check_lock(project, _read_toml(tree / "uv.lock"))
    elif has_requirements:
        text = (tree / "requirements.txt").read_text(errors="replace")
        kind = "hashed" if _is_hashed(text) else "requirements"
    elif project.get("dependencies") or "dependencies" in _list_strings(project.get("dynamic")):
        kind = "pyproject"
    groups = _get_table(document, "dependency-groups")
    extras = _get_table(project, "optional-dependencies")
    return Project(
        kind=kind,
        input_digest=_make_input_digest(tree, document, source),
        path=("src", ".") if _has_modules(tree / "src") else (".",),
        has_tests=_has_tests(tree),
        test_groups=tuple(name for name in _TEST_NAMES if name in groups),
        test_extras=tuple(name for name in _TEST_NAMES if name in extras),
        test_files=tuple(name for name in _TEST_FILES if (tree / name).is_file()),
    )


def is_python_project(tree: Path) -> bool:
    """Return whether the tree says what Python packages it needs, or that it is one.

    Raises:
        InvalidProject: pyproject.toml is not TOML.
    """
    has_requirements = (tree / "requirements.txt").is_file()
    return has_requirements or "project" in _read_toml(tree / "pyproject.toml")


def _read_toml(path: Path) -> Mapping[str, object]:
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidProject(f"{path.name}: {error}", fix=f"correct {path.name}") from error


def _get_table(document: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = document.get(name, {})
    if not isinstance(value, dict):
        fix = f"write [{name}] as a table"
        raise InvalidProject(f"pyproject.toml: {name} is not a table", fix=fix)
    return value


def _list_strings(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _is_hashed(text: str) -> bool:
    """Return whether every requirement has a hash, as `uv pip compile --generate-hashes` writes."""
    lines = text.replace("\\\n", " ").splitlines()
    wanted = [line for line in lines if line.strip() and not line.lstrip().startswith(("#", "--"))]
    return bool(wanted) and all("--hash=" in line for line in wanted)


def _check_lock(project: Mapping[str, object], lock: Mapping[str, object]) -> None:
    """Refuse a uv.lock that lacks a dependency of pyproject.toml, or has one more."""
    name = _normalise(str(project.get("name", "")))
    packages = lock.get("package", [])
    for package in packages if isinstance(packages, list) else []:
        if isinstance(package, dict) and _normalise(str(package.get("name", ""))) == name:
            entries = package.get("dependencies", [])
            locked = {_normalise(str(entry["name"])) for entry in entries}
            wanted = {
                _normalise(match[0])
                for text in _list_strings(project.get("dependencies"))
                if (match := _NAME.match(text.strip()))
            }
            if locked != wanted:
                odd = ", ".join(repr(one) for one in sorted(locked ^ wanted))
                why = f"uv.lock does not fit the dependencies of pyproject.toml: {odd}"
                raise InvalidProject(why, fix="run `uv lock` and commit uv.lock")


def _normalise(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _make_input_digest(tree: Path, document: Mapping[str, object], source: Digest) -> Digest:
    """Return the digest of what decides a resolution; other changes keep the resolution."""
    project = _get_table(document, "project")
    kept = ("name", "dependencies", "optional-dependencies", "requires-python", "dynamic")
    described: dict[str, JsonValue] = {
        "project": repr({key: project.get(key) for key in kept}),
        "groups": repr(document.get("dependency-groups")),
        "uv": repr(_get_table(_get_table(document, "tool"), "uv")),
    }
    texts = {}
    for name in ("uv.lock", "uv.toml", "requirements.txt", *_TEST_FILES):
        texts.update(_read_with_includes(tree, name))
    described["files"] = texts
    if any(_LOCAL.search(text) for text in texts.values()) or project.get("dynamic"):
        described["source"] = source
    return digests.make_value_digest(described)


def _read_with_includes(tree: Path, name: str) -> dict[str, str]:
    """Return the text of a requirements file and of those that it includes, by name."""
    texts: dict[str, str] = {}
    pending = [name]
    while pending:
        current = pending.pop()
        path = (tree / current).resolve()
        if current in texts or not path.is_file() or not path.is_relative_to(tree.resolve()):
            continue
        texts[current] = path.read_text(errors="replace")
        if current.endswith(".txt"):
            folder = Path(current).parent
            pending += [str(folder / found) for found in _INCLUDE.findall(texts[current])]
    return texts


def _has_modules(folder: Path) -> bool:
    """Return whether `folder` holds modules or packages, and is not a package itself."""
    if not folder.is_dir() or (folder / "__init__.py").exists():
        return False
    return any(folder.glob("*.py")) or any(folder.glob("*/*.py"))


def _has_tests(tree: Path) -> bool:
    patterns = ("test_*.py", "*_test.py", "test/**/test_*.py", "tests/**/test_*.py")
    more = ("tests/**/*_test.py", "src/**/test_*.py")
    return any(next(tree.glob(pattern), None) for pattern in patterns + more)
