"""What comes out of the built-in golden paths, before it is built."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import uv
import yaml

from fairway.core.source.tree import Tree
from fairway.drivers.bundle.node.runtime import Nodes, make_path
from fairway.formats import document
from tests.golden_paths.conftest import PYTHON_TOOLS, Example

pytestmark = pytest.mark.integration
DOCUMENTS = ("score.yaml", "catalog-info.yaml")
_MARK = re.compile(r"{{|{%|{#|%}")


def _run(*command: str | Path, cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_is_left_to_fill_in(tree: Tree) -> None:
    for name, file in tree.items():
        assert not _MARK.search(name)
        assert not _MARK.search(file.content.decode()), name


def test_files_end_with_one_line_end_and_lines_with_no_space(tree: Tree) -> None:
    for name, file in tree.items():
        text = file.content.decode()
        assert not text or (text.endswith("\n") and not text.endswith("\n\n")), name
        assert not re.search(r"[ \t]$", text, re.MULTILINE), name
        assert "\n\n\n" not in text or name.endswith((".py", ".mako")), name


def test_documents_are_valid(tree: Tree) -> None:
    files = {name: tree[name].content for name in DOCUMENTS}
    assert not [one for one in document.check_documents(files) if one.level == "deny"]


def test_documents_name_files_that_are_there(tree: Tree) -> None:
    for found in re.findall(r"\$text: \./(\S+)", tree["catalog-info.yaml"].content.decode()):
        assert found in tree
    pages = re.findall(r": (\S+\.md)", tree["mkdocs.yml"].content.decode())
    assert pages
    assert all(f"docs/{page}" in tree for page in pages)


def test_json_and_yaml_are_formatted(tree: Tree) -> None:
    for name, file in tree.items():
        text = file.content.decode()
        if name.endswith(".json"):
            assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n" or (
                name == "tsconfig.json" and json.loads(text)
            ), name
        elif name.endswith((".yaml", ".yml")):
            assert list(yaml.safe_load_all(text)), name
            assert "\t" not in text, name


def test_images_have_versions(tree: Tree) -> None:
    images = re.findall(r"^FROM (\S+)", _read(tree, "Dockerfile"), re.MULTILINE)
    assert all(re.search(r":\d", image) for image in images)


def _read(tree: Tree, name: str) -> str:
    return tree[name].content.decode() if name in tree else ""


def test_python_is_formatted_and_linted(example: Example, folder: Path) -> None:
    if example.is_python:
        _run(PYTHON_TOOLS / "ruff", "format", "--check", ".", cwd=folder)
        _run(PYTHON_TOOLS / "ruff", "check", ".", cwd=folder)


def test_types_are_right(
    example: Example,
    folder: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Check with the path's own settings, against the packages that it locks."""
    if example.is_python:
        cache = tmp_path_factory.getbasetemp() / "mypy"
        requirements = folder / "requirements.txt"
        chosen: list[str | Path] = ["-r", requirements] if requirements.is_file() else []
        tool = [uv.find_uv_bin(), "pip", "install", "--quiet", "--python"]
        _run(uv.find_uv_bin(), "venv", "--quiet", ".venv", cwd=folder)
        _run(*tool, ".venv/bin/python", *chosen, "--group", "test", "mypy", cwd=folder)
        _run(folder / ".venv/bin/mypy", "--cache-dir", cache, cwd=folder)
    elif "types" in json.loads((folder / "package.json").read_text())["scripts"]:
        runtimes = tmp_path_factory.getbasetemp() / "runtimes"
        uv_cache = tmp_path_factory.getbasetemp() / "uv"
        node = Nodes(runtimes, uv=Path(uv.find_uv_bin()), cache=uv_cache).get(oldest=22)
        monkeypatch.setenv("PATH", make_path(node))
        _run(node.binary, node.npm, "ci", "--no-audit", "--no-fund", cwd=folder)
        _run(node.binary, node.npm, "run", "types", cwd=folder)
