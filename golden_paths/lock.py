"""Write anew what is derived in the built-in golden paths: `.venv/bin/python golden_paths/lock.py`.

A Python path has one requirements.txt for all its options: each package stands under the condition
on the answers that need it; so does each part of its openapi.json, if it has one. A Node path has
one package-lock.json. None of them names a registry.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import copier
import uv
import yaml

ROOT = Path(__file__).parent
_REQUIREMENTS = "requirements.txt"
_PACKAGE = re.compile(r"^(\S+?)==(\S+)", re.MULTILINE)
Answers = Mapping[str, Any]


def main(names: Sequence[str]) -> None:
    """Lock the paths named, or all."""
    for path in sorted(ROOT.glob("*/golden-path.yaml")):
        if names and path.parent.name not in names:
            continue
        examples = read_examples(path.parent)
        with tempfile.TemporaryDirectory() as name:
            trees = [render(path.parent, one, Path(name, key)) for key, one in examples.items()]
            answers = list(examples.values())
            if (trees[0] / "package.json").is_file():
                lock_node(path.parent / "template", trees[0])
            else:
                lock_python(path.parent / "template", trees, answers)
                if (trees[0] / "app" / "openapi.py").is_file():
                    write_interface(path.parent, trees, answers)


def read_examples(path: Path) -> dict[str, Answers]:
    document = yaml.safe_load((path / "golden-path.yaml").read_text())
    return {one["name"]: one["answers"] for one in document["spec"]["examples"]}


def render(path: Path, answers: Answers, folder: Path) -> Path:
    """Render the path's working tree with `answers` and return `folder`."""
    copier.run_copy(
        str(path), folder, data=dict(answers), defaults=True, quiet=True, vcs_ref="HEAD"
    )
    return folder


def lock_python(template: Path, trees: Sequence[Path], answers: Sequence[Answers]) -> None:
    """Resolve what all examples need together, then each alone within that."""
    inputs = [str(tree / "pyproject.toml") for tree in trees]
    whole = compile_requirements(inputs)
    pins = "".join(f"{key}=={version}\n" for key, version in _PACKAGE.findall(whole))
    blocks = dict(split_blocks(whole))
    needs: dict[str, set[int]] = {}
    for number, tree in enumerate(trees):
        for name, _ in split_blocks(compile_requirements([str(tree / "pyproject.toml")], pins)):
            needs.setdefault(name, set()).add(number)
    named = [(find_condition(needs[name], answers), text) for name, text in blocks.items()]
    target = next(template.glob(f"*{_REQUIREMENTS}*"), template / f"{_REQUIREMENTS}.jinja")
    target.write_text("".join(render_blocks(named)))


def compile_requirements(inputs: Sequence[str], constraints: str = "") -> str:
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(constraints)
        file.flush()
        command = [uv.find_uv_bin(), "pip", "compile", "--quiet", "--universal", "--no-header"]
        command += ["--python-version", "3.11", "--generate-hashes", "--no-annotate"]
        command += ["--no-emit-index-url", "--constraint", file.name, *inputs]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def split_blocks(text: str) -> Iterator[tuple[str, str]]:
    """Yield each requirement's line without its hashes, and its whole text."""
    block: list[str] = []
    for line in [*text.splitlines(keepends=True), "end"]:
        if not line.startswith(" ") and block:
            yield block[0].removesuffix(" \\\n").strip(), "".join(block)
            block = []
        block.append(line)


def find_condition(needed_by: set[int], answers: Sequence[Answers]) -> str:
    """Return the condition on the answers that holds for exactly the examples `needed_by`."""
    if len(needed_by) == len(answers):
        return ""
    found: dict[str, set[int]] = {}
    for key in answers[0]:
        for value in sorted({str(one.get(key)) for one in answers}):
            holds = {i for i, one in enumerate(answers) if str(one.get(key)) == value}
            if holds <= needed_by and key not in ("name", "description", "owner", "port"):
                found[f'{key} == "{value}"'] = holds
    terms = [
        term for term, holds in found.items() if not any(holds < other for other in found.values())
    ]
    if set().union(*(found[term] for term in terms)) != needed_by:
        raise SystemExit(f"no condition on the answers gives the examples {sorted(needed_by)}")
    return " or ".join(terms)


def render_blocks(named: Sequence[tuple[str, str]]) -> Iterator[str]:
    for condition, group in groupby(named, key=lambda pair: pair[0]):
        text = "".join(block for _, block in group)
        if condition:
            yield f"{{% if {condition} -%}}\n{text}{{% endif -%}}\n"
        else:
            yield text


def write_interface(path: Path, trees: Sequence[Path], answers: Sequence[Answers]) -> None:
    """Let each example write its openapi.json, and merge them into one template."""
    interfaces = []
    for tree, one in zip(trees, answers, strict=True):
        shutil.rmtree(tree)
        render(path, one, tree)  # now with its lock
        command = [uv.find_uv_bin(), "run", "--quiet", "--no-project", "--isolated"]
        command += ["--with-requirements", _REQUIREMENTS, "python", "-m", "app.openapi"]
        subprocess.run(command, cwd=tree, check=True)
        interfaces.append(json.loads((tree / "openapi.json").read_text()))
    text = merge(dict(enumerate(interfaces)), answers) + "\n"
    text = text.replace(f'"title": "{answers[0]["name"]}"', '"title": "{{ name }}"')
    text = text.replace(f'"{answers[0]["description"]}."', '"{{ description }}."')
    (path / "template" / "openapi.json.jinja").write_text(text)


def merge(values: Mapping[int, Any], answers: Sequence[Answers], depth: int = 1) -> str:
    """Return JSON that is each of `values` under the answers that it belongs to."""
    first = next(iter(values.values()))
    if all(value == first for value in values.values()):
        return json.dumps(first, indent=2, ensure_ascii=False).replace(
            "\n", "\n" + "  " * (depth - 1)
        )
    if not all(isinstance(value, dict) for value in values.values()):
        raise SystemExit(f"the interfaces differ in more than what they have: {first}")
    keys = sorted({key: None for value in values.values() for key in value}, key=_order(values))
    parts: list[str] = []
    for key in keys:
        having = {number: value[key] for number, value in values.items() if key in value}
        part = f"\n{'  ' * depth}{json.dumps(key)}: {merge(having, answers, depth + 1)}"
        is_always = having.keys() == values.keys()
        if not parts:
            if not is_always:
                raise SystemExit(f"the first part, '{key}', is not in all examples")
            parts.append(part)
        elif is_always:
            parts.append(f",{part}")
        else:
            condition = find_condition(set(having), answers)
            parts.append(f"{{% if {condition} %}},{part}{{% endif %}}")
    return "{" + "".join(parts) + "\n" + "  " * (depth - 1) + "}"


def _order(values: Mapping[int, Mapping[str, Any]]) -> Callable[[str], int]:
    """Return the place of each key in the longest of `values`, which has them all."""
    longest = max(values.values(), key=len)
    return list(longest).index


def lock_node(template: Path, tree: Path) -> None:
    """Resolve what package.json names, and leave out where it comes from and who pays for it."""
    (tree / "package-lock.json").unlink(missing_ok=True)
    environment = {**os.environ, "npm_config_omit_lockfile_registry_resolved": "false"}
    command = [shutil.which("npm") or "npm", "install", "--package-lock-only", "--ignore-scripts"]
    command += ["--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(command, cwd=tree, env=environment, check=True, stdout=subprocess.DEVNULL)
    lock = json.loads((tree / "package-lock.json").read_text())
    for package in lock["packages"].values():
        for said in ("resolved", "funding"):
            package.pop(said, None)
    text = json.dumps(lock, indent=2, ensure_ascii=False) + "\n"
    name = json.loads((tree / "package.json").read_text())["name"]
    target = template / "package-lock.json.jinja"
    target.write_text(text.replace(f'"name": "{name}"', '"name": "{{ name }}"'))


if __name__ == "__main__":
    main(sys.argv[1:])
