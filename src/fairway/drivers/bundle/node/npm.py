"""Packages through npm: resolved once per input, installed as locked.

Belongs here: the command lines of npm, and remembering resolutions. Never here: layers, tests.
Start at `Npm.resolve`.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from fairway.drivers.bundle import surroundings
from fairway.drivers.bundle.dependencies import write_whole
from fairway.drivers.bundle.limited import Outcome, Workshop
from fairway.drivers.bundle.node import runtime
from fairway.drivers.bundle.node.project import LOCK, NodeProject
from fairway.drivers.bundle.node.runtime import Node
from fairway.kits import digest as digests

_STEP = "dependencies"
_INPUTS = ("package.json", ".npmrc")


class Npm:
    """Resolves and installs for one build, the project's tree being the workshop's `app`.

    Install scripts of packages are not run, but for those that the project allows by npm's own
    `allowScripts`; these see no credentials of the registry.
    """

    def __init__(
        self, workshop: Workshop, project: NodeProject, *, node: Node, memory: Path, cache: Path
    ) -> None:
        self._workshop = workshop
        self._project = project
        self._node = node
        self._memory = memory
        self._cache = cache
        self._tree = workshop.folder / "app"

    def resolve(self) -> str:
        """Return the lock that installations follow; empty when there is nothing to install."""
        if not self._project.has_dependencies:
            return ""
        if self._project.lock:
            return self._project.lock
        key = digests.make_joined_digest(("npm", self._project.input_digest))
        path = self._memory / f"{key.removeprefix('sha256:')}.json"
        if not path.is_file():
            self._memory.mkdir(parents=True, exist_ok=True)
            write_whole(path, self._make_lock())
        return path.read_text(encoding="utf-8")

    def _make_lock(self) -> str:
        folder = self._workshop.folder / "lock"
        folder.mkdir()
        self._copy_inputs(folder)
        self._must(["install", "--package-lock-only", "--ignore-scripts"], folder)
        return (folder / LOCK).read_text(encoding="utf-8")

    def install_for_run(self, lock: str, folder: Path) -> int:
        """Fill `folder` with `node_modules`, without what only development needs, and `bin`.

        Returns how many packages there are.
        """
        folder.mkdir()
        if not self._project.has_runtime_dependencies:
            return 0
        self._copy_inputs(folder)
        (folder / LOCK).write_text(lock, encoding="utf-8")
        self._install(folder, "--omit=dev")
        for name in (LOCK, *_INPUTS):
            (folder / name).unlink(missing_ok=True)
        modules = folder / "node_modules"
        count = _count_packages(modules / ".package-lock.json")
        _normalise(folder)
        return count

    def install_for_build(self, lock: str) -> None:
        """Install everything into the tree, as a developer would."""
        if not lock:
            return
        path = self._tree / LOCK
        if not self._project.lock:
            path.write_text(lock, encoding="utf-8")
        self._install(self._tree, "--include=dev")
        if not self._project.lock:
            path.unlink()

    def run_script(
        self, step: str, name: str, arguments: Sequence[str] = (), **variables: str
    ) -> Outcome:
        """Run a script of package.json in the tree; `variables` are added to its environment."""
        command = ["run", "--silent", name, *(["--", *arguments] if arguments else [])]
        return self._run(step, command, self._tree, {**self._make_environment(), **variables})

    def _install(self, folder: Path, choice: str) -> None:
        # Every package that a resolution names was fetched before, or is fetched now.
        self._must(["ci", choice, "--ignore-scripts", "--prefer-offline"], folder)
        here = [name for name in self._project.allowed if (folder / "node_modules" / name).is_dir()]
        if here:
            command = ["rebuild", "--ignore-scripts=false", "--foreground-scripts", *here]
            outcome = self._run(_STEP, command, folder, self._make_environment())
            self._check(outcome, "npm rebuild")

    def _must(self, command: Sequence[str], folder: Path) -> None:
        environment = {
            **self._make_environment(),
            **surroundings.make_registry_environment(),
        }
        self._check(self._run(_STEP, command, folder, environment), f"npm {command[0]}")

    def _check(self, outcome: Outcome, name: str) -> None:
        if outcome.code:
            raise self._workshop.refuse(
                _STEP,
                f"{name} ended with {outcome.code}",
                fix="correct package.json and its lock, or the package registry's settings",
                lines=outcome.last_lines,
            )

    def _run(
        self, step: str, command: Sequence[str], folder: Path, environment: Mapping[str, str]
    ) -> Outcome:
        program = [str(self._node.binary), str(self._node.npm), *command]
        return self._workshop.run(step, program, cwd=folder, environment=environment)

    def _make_environment(self) -> dict[str, str]:
        return {
            **surroundings.make_environment(self._workshop.folder),
            **surroundings.NPM_SETTINGS,
            "PATH": runtime.make_path(self._node),
            "CI": "true",
            "npm_config_cache": str(self._cache),
        }

    def _copy_inputs(self, folder: Path) -> None:
        for name in _INPUTS:
            if (self._tree / name).is_file():
                shutil.copyfile(self._tree / name, folder / name)


def _count_packages(path: Path) -> int:
    packages = json.loads(path.read_text(encoding="utf-8"))["packages"]
    return sum(1 for key in packages if key)


def _normalise(folder: Path) -> None:
    """Remove npm's notes, and offer the packages' programs in `bin` as a bundle has them."""
    modules = folder / "node_modules"
    (modules / ".package-lock.json").unlink(missing_ok=True)
    programs = modules / ".bin"
    if programs.is_dir():
        (folder / "bin").mkdir()
        for path in programs.iterdir():
            (folder / "bin" / path.name).symlink_to(f"../node_modules/.bin/{path.name}")
