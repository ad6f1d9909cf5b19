"""Nunjucks of npm, a renderer of Backstage's templates, and a way to see how it refuses one."""

import json
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from fairway.core.source.tree import Tree
from fairway.drivers.scaffolder.renderer import BackstageRenderer
from fairway.kits.canonical import JsonObject
from fairway.kits.errors import Refused
from fairway.ports.renderer import Rendering, RenderLimits

Files = Mapping[str, str | bytes | Path]
Ask = Callable[..., list[str | None]]
MIB = 1024**2
NUNJUCKS = "nunjucks@3.2.4"
SMALL = RenderLimits(
    memory_bytes=300 * MIB, cpu_seconds=3, wall_seconds=30, disk_bytes=20 * MIB, files=300
)
HEAD = """\
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: {name: service}
spec:
  owner: group:platform
  type: service
"""
ASKED = """\
  parameters:
    - required: [name]
      properties:
        name: {type: string}
        repoUrl: {type: string, ui:field: RepoUrlPicker}
"""
PUBLISH = """\
    - id: publish
      action: publish:github
      input: {repoUrl: "${{ parameters.repoUrl }}"}
"""
FETCH = """\
    - id: fetch
      action: fetch:template
      input: {url: ./skeleton, values: {name: "${{ parameters.name }}"}}
"""


def make_document(
    *, steps: str = FETCH, parameters: str = ASKED, output: str = "", publish: str = PUBLISH
) -> str:
    """Return the text of a template.yaml; `steps` and `output` are texts of YAML."""
    return f"{HEAD}{parameters}  steps:\n{steps}{publish}{output}"


class Bench:
    """A template in a folder, beside a file that it must not read."""

    def __init__(self, folder: Path) -> None:
        self.template = folder / "template"
        self.scratch = folder / "scratch"
        self.renderer = BackstageRenderer(self.scratch)
        self.secret = folder / "secret.txt"
        self.secret.write_text("hunter2")

    def write(self, files: Files) -> Path:
        """Write files by path, `*` at the end for one to execute; a `Path` is a link to it."""
        for name, content in {"template.yaml": make_document(), **files}.items():
            path = self.template / name.removesuffix("*")
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, Path):
                path.symlink_to(content)
                continue
            path.write_bytes(content.encode() if isinstance(content, str) else content)
            if name.endswith("*"):
                path.chmod(0o755)
        self.template.joinpath("skeleton").mkdir(exist_ok=True)
        return self.template

    def render(self, files: Files, **answers: object) -> Rendering:
        given: JsonObject = {"name": "orders", "owner": "group:shop", **answers}  # type: ignore[dict-item]  # JSON
        return self.renderer.render(self.write(files), [given], limits=SMALL)[0]

    def run(self, steps: str, files: Files | None = None, **answers: object) -> Tree:
        """Run steps, and return what is published."""
        document = make_document(steps=steps)
        return self.render({"template.yaml": document, **(files or {})}, **answers).tree

    def refuse(self, files: Files, *, limits: RenderLimits = SMALL, **answers: object) -> Refused:
        """Render and return the refusal; nothing of it stays."""
        given: JsonObject = {"name": "orders", **answers}  # type: ignore[dict-item]  # JSON
        with pytest.raises(Refused) as refused:
            self.renderer.render(self.write(files), [given], limits=limits)
        assert not [path for path in self.scratch.iterdir() if path.is_dir()]
        assert "hunter2" not in f"{refused.value} {refused.value.fix}"
        return refused.value

    def check(self, files: Files) -> list[tuple[str, str, str]]:
        """Return place, level and code of each finding."""
        found = self.renderer.check(self.write(files))
        return [(one.at, one.level, one.code) for one in found]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture(scope="session")
def ask_nunjucks(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """Return a way to have Nunjucks of npm render texts; None stands for an error."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("Nunjucks needs node and npm, which are not installed")
    folder = tmp_path_factory.mktemp("nunjucks")
    installed = subprocess.run(
        [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", NUNJUCKS],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    if installed.returncode:
        pytest.skip(f"npm cannot install {NUNJUCKS}: {installed.stderr[-200:]}")

    def ask(
        texts: Sequence[str], context: Mapping[str, object], **options: object
    ) -> list[str | None]:
        done = subprocess.run(
            [node, Path(__file__).with_name("oracle.js"), folder / "node_modules" / "nunjucks"],
            input=json.dumps({"texts": texts, "context": context, "options": options}),
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        answers: list[str | None] = json.loads(done.stdout)
        return answers

    return ask
