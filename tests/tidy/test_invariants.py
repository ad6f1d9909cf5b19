"""What ARCHITECTURE.md says is absent is absent."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "fairway"
_ASYNCHRONOUS = ("api", "agent", "gateway")
# It runs in bundles, not in the platform.
_SERVER_OF_SITES = Path("drivers/bundle/site/server.py")
_WORLDLY = {
    *("os", "pathlib", "io", "socket", "subprocess", "threading", "multiprocessing", "asyncio"),
    *("time", "random", "secrets", "uuid", "tempfile", "shutil", "http", "urllib", "logging"),
}
_DELIVERY = {"fairway.core.plan", "fairway.core.graph", "fairway.core.release", "fairway.usecases"}


def _read(folder: str = "") -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted((SOURCE / folder).rglob("*.py")):
        yield path.relative_to(SOURCE), ast.parse(path.read_text())


def _list_imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def _is_within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def test_nothing_is_asynchronous_but_the_edges() -> None:
    found = [
        str(path)
        for path, tree in _read()
        if path.parts[0] not in _ASYNCHRONOUS
        and path != _SERVER_OF_SITES
        and any(isinstance(node, ast.AsyncFunctionDef | ast.Await) for node in ast.walk(tree))
    ]
    assert not found


def test_only_wiring_knows_drivers() -> None:
    found = [
        f"{path}: {module}"
        for path, tree in _read()
        if path.parts[0] not in ("wiring", "drivers")
        for module in _list_imports(tree)
        if _is_within(module, "fairway.drivers")
    ]
    assert not found


def test_the_core_asks_nothing_of_the_world() -> None:
    found = [
        f"{path}: {module}"
        for path, tree in _read("core")
        for module in _list_imports(tree)
        if module.partition(".")[0] in _WORLDLY
    ]
    found += [
        f"{path}: {node.attr}"
        for path, tree in _read("core")
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ("now", "utcnow", "today")
    ]
    found += [
        f"{path}: open"
        for path, tree in _read("core")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open"
    ]
    assert not found


@pytest.mark.parametrize(
    ("folder", "allowed"),
    [
        ("kits", {"fairway.kits"}),
        ("gateway", {"fairway.gateway", "fairway.kits", "httptools"}),
    ],
)
def test_a_small_package_imports_next_to_nothing(folder: str, allowed: set[str]) -> None:
    found = [
        f"{path}: {module}"
        for path, tree in _read(folder)
        for module in _list_imports(tree)
        if module.partition(".")[0] not in sys.stdlib_module_names
        and not any(_is_within(module, package) for package in allowed)
    ]
    assert not found


@pytest.mark.parametrize("name", ["shim.py", "launch.py"])
def test_what_runs_as_a_bare_file_imports_nothing_of_fairway(name: str) -> None:
    tree = ast.parse((SOURCE / "agent" / "shim" / name).read_text())
    assert {module.partition(".")[0] for module in _list_imports(tree)} <= sys.stdlib_module_names


def test_the_engine_knows_no_noun_of_delivery() -> None:
    found = [
        f"{path}: {module}"
        for path, tree in _read("runtime")
        for module in _list_imports(tree)
        if any(_is_within(module, package) for package in _DELIVERY)
    ]
    assert not found
