"""Python source: dependencies by uv, tests by pytest, the application as it is.

Belongs here: putting uv and pytest in the order of a build. Never here: their command lines.
"""

import platform
import subprocess
from collections.abc import Mapping
from pathlib import Path

from fairway.core.release.release import TestReport
from fairway.drivers.bundle import layer as layers
from fairway.drivers.bundle.dependencies import Dependencies
from fairway.drivers.bundle.limited import Workshop
from fairway.drivers.bundle.project import Project
from fairway.drivers.bundle.recipe import Content, Recipe
from fairway.drivers.bundle.suite import run_suite
from fairway.drivers.bundle.test_environment import TestEnvironments
from fairway.kits import digest as digests


class PythonRecipe(Recipe):
    """Builds the Python project in the workshop's `app` for Python `version`."""

    def __init__(
        self,
        workshop: Workshop,
        project: Project,
        *,
        dependencies: Dependencies,
        version: str,
        environments: TestEnvironments,
    ) -> None:
        self._environments = environments
        self._workshop = workshop
        self._project = project
        self._dependencies = dependencies
        self._version = version

    @property
    def runtime(self) -> Mapping[str, str]:
        modules = (Path("app", folder).as_posix() for folder in self._project.path)
        return {"python": self._version, "path": ":".join((*modules, "deps"))}

    @property
    def platform(self) -> str:
        return make_platform(self._version)

    def resolve(self) -> str:
        return self._dependencies.resolve(self.platform)

    def install(self, resolution: str, folder: Path) -> int:
        return install_packages(self._dependencies, resolution, folder)

    def get_compile_key(self) -> str:
        return ""

    def assemble(self) -> Content:
        return Content(folder=self._workshop.folder / "app", prefix="app")

    def run_tests(self, resolution: str) -> TestReport | None:
        """Run pytest in an environment that also has what only tests need."""
        if not self._project.has_tests:
            self._workshop.say("tests", "the project has none")
            return None
        wanted = self._dependencies.resolve_for_tests(self.platform, resolution)

        def make(folder: Path) -> None:
            self._dependencies.install(wanted, folder / "packages", is_compiled=True)
            self._dependencies.make_interpreter(folder / "venv")

        key = digests.make_joined_digest((self.platform, wanted))
        made = self._environments.provide(key, self._workshop.folder / "environment", make)
        return run_suite(
            self._workshop,
            self._project,
            packages=made / "packages",
            interpreter=made / "venv" / "bin" / "python",
        )


def install_packages(dependencies: Dependencies, resolution: str, folder: Path) -> int:
    """Install what `resolution` lists, the same bytes everywhere, and return how many."""
    dependencies.install(resolution, folder)
    layers.normalise_installation(folder)
    return len(list(folder.glob("*.dist-info")))


def read_version(python: Path) -> str:
    """Return the interpreter's version as `3.11`."""
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    command = [str(python), "-I", "-S", "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def make_platform(version: str) -> str:
    """Return what wheels for Python `version` on this machine depend on."""
    return f"{version} {platform.system()} {platform.machine()}"
