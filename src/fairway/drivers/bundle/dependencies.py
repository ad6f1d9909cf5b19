"""Dependencies through uv: resolved once per input, installed into a folder.

Belongs here: the command lines of uv, and remembering resolutions. Never here: layers, tests.
Start at `Dependencies.resolve`.
"""

import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from fairway.drivers.bundle.limited import Workshop
from fairway.drivers.bundle.project import Project
from fairway.kits import digest as digests

_STEP = "dependencies"
_PYTEST = re.compile(r"^pytest==", re.MULTILINE)


class Dependencies:
    """Resolves and installs for one build.

    A resolution is a requirements text with exact versions and hashes. It is remembered by the
    digest of its input, so the same input gives the same bytes also when the index has moved on.
    """

    def __init__(
        self,
        workshop: Workshop,
        project: Project,
        *,
        tree: Path,
        uv: Path,
        python: Path,
        memory: Path,
        environment: Mapping[str, str],
    ) -> None:
        self._workshop = workshop
        self._project = project
        self._tree = tree
        self._uv = uv
        self._python = python
        self._memory = memory
        self._environment = environment

    def resolve(self, platform: str) -> str:
        """Return what the service needs to run; empty when it needs nothing."""
        if self._project.kind == "plain":
            return ""
        if self._project.kind == "hashed":
            return (self._tree / "requirements.txt").read_text(encoding="utf-8")
        key = digests.make_joined_digest(("run", platform, self._project.input_digest))
        return self._recall(key) or self._remember(key, self._resolve(self._make_inputs()))

    def resolve_for_tests(self, platform: str, resolution: str) -> str:
        """Return what the service and its tests need, with the versions of `resolution`."""
        parts = ("test", platform, self._project.input_digest, resolution)
        key = digests.make_joined_digest(parts)
        known = self._recall(key)
        if known:
            return known
        scratch = self._workshop.folder
        if self._project.kind == "locked":
            text = self._resolve(self._make_inputs(), self._make_test_choices())
        else:
            (scratch / "pytest.in").write_text("pytest\n")
            (scratch / "constraints.txt").write_text(make_constraints(resolution))
            inputs = [*self._make_inputs(is_optional=True), str(scratch / "pytest.in")]
            choices = ["--constraint", str(scratch / "constraints.txt")]
            text = self._resolve([*inputs, *self._project.test_files], choices)
        if not _PYTEST.search(text):
            raise self._workshop.refuse(
                _STEP,
                "uv.lock holds no pytest, which runs the tests",
                fix="add pytest to the dependency group 'dev', run `uv lock` and commit uv.lock",
            )
        return self._remember(key, text)

    def install(self, resolution: str, folder: Path, *, is_compiled: bool = False) -> None:
        """Install exactly what `resolution` lists into `folder`, with bytecode where asked."""
        folder.mkdir()
        if not resolution.strip():
            return
        listed = self._workshop.folder / f"{folder.name}.txt"
        listed.write_text(resolution, encoding="utf-8")
        command = ["pip", "install", "--quiet", "--no-deps", "--target", str(folder)]
        if "--hash=" in resolution:
            command.append("--require-hashes")
        if is_compiled:
            command.append("--compile-bytecode")
        self._run([*command, "--python", str(self._python), "--requirement", str(listed)])

    def make_interpreter(self, folder: Path) -> None:
        """Make an environment without packages, so that none of the platform's are seen."""
        self._run(["venv", "--quiet", "--no-project", "--python", str(self._python), str(folder)])

    def _make_inputs(self, *, is_optional: bool = False) -> list[str]:
        """Return the files that say what is needed; with the tests' groups when `is_optional`."""
        match self._project.kind:
            case "plain" if is_optional and (self._tree / "pyproject.toml").is_file():
                return ["pyproject.toml", *self._make_test_choices()]
            case "pyproject":
                return ["pyproject.toml", *(self._make_test_choices() if is_optional else ())]
            case "requirements" | "hashed":
                more = self._make_group_files() if is_optional else []
                return ["requirements.txt", *more]
        return []

    def _make_test_choices(self) -> list[str]:
        groups = [part for name in self._project.test_groups for part in ("--group", name)]
        extras = [part for name in self._project.test_extras for part in ("--extra", name)]
        return groups + extras

    def _make_group_files(self) -> list[str]:
        """Return pyproject.toml as a further input when it names what tests need."""
        choices = self._make_test_choices()
        return ["pyproject.toml", *choices] if choices else []

    def _resolve(self, inputs: Sequence[str], more: Sequence[str] = ()) -> str:
        out = self._workshop.folder / "resolution.txt"
        out.unlink(missing_ok=True)
        if self._project.kind == "locked":
            command = ["export", "--quiet", "--frozen", "--no-default-groups"]
            command += ["--no-emit-project", "--no-header", "--no-annotate"]
            command += ["--format", "requirements-txt"]
        else:
            command = ["pip", "compile", "--quiet", "--generate-hashes", "--no-header"]
            command += ["--no-annotate", "--no-emit-index-url", *inputs]
        command += [*more, "--python", str(self._python), "--output-file", str(out)]
        self._run(command)
        return out.read_text(encoding="utf-8")

    def _run(self, command: Sequence[str]) -> None:
        outcome = self._workshop.run(
            _STEP, [str(self._uv), *command], cwd=self._tree, environment=self._environment
        )
        if outcome.code:
            raise self._workshop.refuse(
                _STEP,
                f"uv {command[0]} ended with {outcome.code}",
                fix="correct what the project depends on, or the package index's settings",
                lines=outcome.last_lines,
            )

    def _recall(self, key: str) -> str:
        path = self._make_path(key)
        return path.read_text(encoding="utf-8") if path.is_file() else ""

    def _remember(self, key: str, text: str) -> str:
        self._memory.mkdir(parents=True, exist_ok=True)
        write_whole(self._make_path(key), text)
        return text

    def _make_path(self, key: str) -> Path:
        return self._memory / f"{key.removeprefix('sha256:')}.txt"


def write_whole(path: Path, text: str) -> None:
    """Write a file that others see whole or not at all."""
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".draft-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(draft).rename(path)
    finally:
        Path(draft).unlink(missing_ok=True)


def make_constraints(resolution: str) -> str:
    """Return the pinned versions alone, as constraints take them."""
    joined = resolution.replace("\\\n", " ")
    lines = (re.sub(r"\s+--hash=\S+", "", line).strip() for line in joined.splitlines())
    return "".join(f"{line}\n" for line in lines if line and not line.startswith(("#", "-")))
