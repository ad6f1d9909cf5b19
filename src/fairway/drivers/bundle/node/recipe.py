"""A Node project in the order of a build.

Belongs here: which steps a Node project has and what of it becomes the bundle. Never here: the
command lines of npm. The bundle's `app/node_modules` leads to `deps/node_modules`.
"""

import platform
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from fairway.core.release.release import TestReport
from fairway.drivers.bundle.limited import Workshop
from fairway.drivers.bundle.node.npm import Npm
from fairway.drivers.bundle.node.project import NodeProject
from fairway.drivers.bundle.node.runtime import Node
from fairway.drivers.bundle.node.suite import run_node_suite
from fairway.drivers.bundle.recipe import Content, Recipe

_MODULES = "node_modules"


class NodeRecipe(Recipe):
    """Builds the Node project in the workshop's `app`."""

    def __init__(self, workshop: Workshop, project: NodeProject, npm: Npm, node: Node) -> None:
        self._workshop = workshop
        self._project = project
        self._npm = npm
        self._node = node
        self._is_installed = False

    @cached_property
    def _lock(self) -> str:
        return self._npm.resolve()

    @property
    def runtime(self) -> Mapping[str, str]:
        return {"node": self._node.major, "path": "deps"}

    @property
    def platform(self) -> str:
        return f"node {self._node.major} {platform.system()} {platform.machine()}"

    def resolve(self) -> str:
        """Return the lock together with all else that decides an installation."""
        if not self._project.has_runtime_dependencies:
            return ""
        return f"{self._project.input_digest}\n{self._lock}"

    def install(self, resolution: str, folder: Path) -> int:
        return self._npm.install_for_run(resolution.partition("\n")[2], folder)

    def get_compile_key(self) -> str:
        if "build" not in self._project.scripts:
            return ""
        return f"{self._project.input_digest}\n{self._lock}"

    def assemble(self) -> Content:
        if "build" in self._project.scripts:
            self._install_for_build()
            self._compile()
        has_modules = self._project.has_runtime_dependencies
        return Content(
            folder=self._workshop.folder / "app",
            prefix="app",
            leave_out=frozenset((_MODULES,)),
            links={_MODULES: f"../deps/{_MODULES}"} if has_modules else {},
        )

    def run_tests(self, resolution: str) -> TestReport | None:  # noqa: ARG002  # the port's
        if not self._project.has_tests:
            self._workshop.say("tests", "the project has none")
            return None
        self._install_for_build()
        return run_node_suite(self._workshop, self._npm, self._project.scripts["test"])

    def _install_for_build(self) -> None:
        if not self._is_installed:
            self._npm.install_for_build(self._lock)
            self._is_installed = True

    def _compile(self) -> None:
        outcome = self._npm.run_script("build", "build")
        if outcome.code:
            raise self._workshop.refuse(
                "build",
                f"npm run build ended with {outcome.code}",
                fix="make it pass: run npm run build in the service's folder",
                lines=outcome.last_lines,
            )
