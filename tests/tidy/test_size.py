"""The house's limits on size and shape, held by reading the source as a tree."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "fairway"
MAX_FUNCTION_LINES = 60
MAX_FILE_LINES = 500
MAX_CLASS_LINES = 300
MAX_MODULES = 15
MAX_POSITIONAL = 4
MAX_NESTING = 4
BANNED_NAMES = ("Manager", "Helper", "Util", "Common", "Base", "Impl", "Info", "Data", "Processor")
NESTING = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.AsyncFor, ast.AsyncWith, ast.Match)

# Every exception to a limit is one row here, with its reason; a stale row fails.
EXCEPTIONS: dict[tuple[str, str], str] = {}

_MODULES = sorted(SOURCE.rglob("*.py"))
_SIZED = sorted({*_MODULES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")})


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1


def _nesting(node: ast.AST, depth: int = 0) -> int:
    deepest = depth
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            continue
        is_elif = isinstance(node, ast.If) and isinstance(child, ast.If) and child in node.orelse
        step = int(isinstance(child, NESTING) and not is_elif)
        deepest = max(deepest, _nesting(child, depth + step))
    return deepest


def _find_violations(path: Path) -> Iterator[tuple[str, str]]:
    text = path.read_text()
    tree = ast.parse(text)
    if (lines := text.count("\n")) > MAX_FILE_LINES:
        yield "file", f"{lines} lines"
    for function in _functions(tree):
        if (lines := _body_lines(function)) > MAX_FUNCTION_LINES:
            yield function.name, f"{lines} lines"
    if path.is_relative_to(SOURCE):
        yield from _find_function_violations(tree)
        yield from _find_class_violations(tree)


def _find_function_violations(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for function in _functions(tree):
        arguments = function.args.posonlyargs + function.args.args
        named = [arg for arg in arguments if arg.arg not in ("self", "cls")]
        if len(named) > MAX_POSITIONAL:
            yield function.name, f"{len(named)} positional parameters"
        if (depth := _nesting(function)) > MAX_NESTING:
            yield function.name, f"nested {depth} deep"
        for node in ast.walk(function):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("fairway"):
                yield function.name, f"imports {node.module} inside the function"


def _find_class_violations(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            if (lines := (node.end_lineno or 0) - node.lineno + 1) > MAX_CLASS_LINES:
                yield node.name, f"{lines} lines"
            if node.name.endswith(BANNED_NAMES):
                yield node.name, "is a name that says nothing"


@pytest.mark.parametrize("path", _SIZED, ids=_name)
def test_a_file_keeps_the_limits(path: Path) -> None:
    violations = [
        f"{_name(path)}: {where}: {what}"
        for where, what in _find_violations(path)
        if (_name(path), where) not in EXCEPTIONS
    ]
    assert not violations


@pytest.mark.parametrize("folder", sorted({path.parent for path in _MODULES}), ids=_name)
def test_a_folder_holds_few_modules(folder: Path) -> None:
    modules = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
    assert len(modules) <= MAX_MODULES


@pytest.mark.parametrize("path", _MODULES, ids=_name)
def test_a_module_says_what_it_is(path: Path) -> None:
    docstring = " ".join((ast.get_docstring(ast.parse(path.read_text())) or "").split())
    assert docstring
    if path.name == "__init__.py" and path.parent != SOURCE:
        assert "Belongs here" in docstring
        assert "Never here" in docstring


def test_no_exception_is_stale() -> None:
    used = {(_name(path), where) for path in _SIZED for where, _ in _find_violations(path)}
    assert set(EXCEPTIONS) <= used
