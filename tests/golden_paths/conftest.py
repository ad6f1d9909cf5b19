"""The built-in golden paths, rendered as the platform renders them.

Belongs here: which examples there are, their trees, and the platform that they are deployed to.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from fairway.core.source.tree import Tree
from fairway.drivers.copier.renderer import CopierRenderer
from fairway.kits.canonical import JsonObject
from fairway.ports.renderer import RenderLimits
from tests.running import RunningPlatform, start_platform

ROOT = Path(__file__).parents[2] / "golden_paths"
PATHS = sorted(path.parent for path in ROOT.glob("*/golden-path.yaml"))
PYTHON_TOOLS = Path(sys.executable).parent


@dataclass(frozen=True, slots=True)
class Example:
    """Answers that a path declares, under a name of the example's own."""

    path: Path
    name: str
    answers: Mapping[str, Any]

    @property
    def component(self) -> str:
        """A name as long as names may be."""
        return f"{self.path.name}-{self.name}-".ljust(40, "x")

    @property
    def all_answers(self) -> JsonObject:
        """The answers, with texts as long as they may be."""
        description = str(self.answers["description"]).ljust(72, "!")
        return {**self.answers, "name": self.component, "description": description}

    @property
    def is_python(self) -> bool:
        return self.path.name in ("python-service", "worker")

    def __str__(self) -> str:
        return f"{self.path.name}/{self.name}"


def read_path(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((path / "golden-path.yaml").read_text())
    return document


EXAMPLES = [
    Example(path, one["name"], one["answers"])
    for path in PATHS
    for one in read_path(path)["spec"]["examples"]
]


@pytest.fixture(scope="session")
def renderer(tmp_path_factory: pytest.TempPathFactory) -> CopierRenderer:
    return CopierRenderer(tmp_path_factory.mktemp("rendering"))


@pytest.fixture(scope="session")
def trees(renderer: CopierRenderer) -> Mapping[str, Tree]:
    """The tree of each example, by its component's name."""
    made: dict[str, Tree] = {}
    for path in PATHS:
        examples = [example for example in EXAMPLES if example.path == path]
        answers = [example.all_answers for example in examples]
        renderings = renderer.render(path, answers, limits=RenderLimits())
        for example, rendering in zip(examples, renderings, strict=True):
            made[example.component] = rendering.tree
    return made


@pytest.fixture(params=EXAMPLES, ids=str)
def example(request: pytest.FixtureRequest) -> Example:
    given = request.param
    assert isinstance(given, Example)
    return given


@pytest.fixture
def tree(example: Example, trees: Mapping[str, Tree]) -> Tree:
    return trees[example.component]


@pytest.fixture
def folder(tree: Tree, tmp_path: Path) -> Path:
    """The example as a developer has it."""
    for name, file in tree.items():
        path = tmp_path / "service" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
        path.chmod(int(file.mode[-3:], 8))
    return tmp_path / "service"


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlatform]:
    with start_platform(tmp_path_factory.mktemp("platform")) as running:
        yield running


@cache
def find_registries() -> tuple[str, ...]:
    """Return the hosts that no file may name, put together so that this one does not either."""
    return tuple(
        ".".join(parts)
        for parts in (
            ("pypi", "org"),
            ("pythonhosted", "org"),
            ("npmjs", "org"),
            ("npmjs", "com"),
            ("yarnpkg", "com"),
        )
    )
