"""A built site with the program that serves it, as one bundle.

Belongs here: what of a built site becomes the bundle. Never here: building it, serving it.

The program is a part of the bundle, `fairway-site`, and so are the libraries that it needs: what
serves the site is known by the bundle's digest, and runs wherever a Python does.
"""

from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from fairway.core.release.release import TestReport
from fairway.drivers.bundle.dependencies import Dependencies
from fairway.drivers.bundle.limited import Workshop
from fairway.drivers.bundle.node.recipe import NodeRecipe
from fairway.drivers.bundle.python import install_packages, make_platform
from fairway.drivers.bundle.recipe import Content, Recipe
from fairway.drivers.bundle.site import server

# What `server` imports, with all that this needs, in the versions that the platform itself runs.
_PACKAGES = (
    "anyio",
    "click",
    "h11",
    "httptools",
    "idna",
    "starlette",
    "typing-extensions",
    "uvicorn",
)
_PROGRAM = "#!/usr/bin/env python3\nfrom fairway_site import main\n\nmain()\n"


class SiteRecipe(Recipe):
    """Builds by `node`, and serves the folder `site` of what that leaves.

    `dependencies` install what the server needs, for Python `version`.
    """

    def __init__(
        self,
        workshop: Workshop,
        node: NodeRecipe,
        *,
        site: str,
        dependencies: Dependencies,
        version: str,
    ) -> None:
        self._workshop = workshop
        self._node = node
        self._site = site
        self._dependencies = dependencies
        self._version = version

    @property
    def runtime(self) -> Mapping[str, str]:
        return {"python": self._version, "path": "deps"}

    @property
    def platform(self) -> str:
        return make_platform(self._version)

    def resolve(self) -> str:
        """Return the server's requirements, and its own text as a comment on them."""
        wanted = "".join(f"{name}=={metadata.version(name)}\n" for name in _PACKAGES)
        return wanted + "".join(f"# {line}\n" for line in _read_server().splitlines())

    def install(self, resolution: str, folder: Path) -> int:
        count = install_packages(self._dependencies, resolution, folder)
        (folder / "fairway_site.py").write_text(_read_server(), encoding="utf-8")
        program = folder / "bin" / "fairway-site"
        program.parent.mkdir(exist_ok=True)
        program.write_text(_PROGRAM, encoding="utf-8")
        program.chmod(0o755)
        return count

    def get_compile_key(self) -> str:
        return f"site {self._site}\n{self._node.platform}\n{self._node.get_compile_key()}"

    def assemble(self) -> Content:
        """Return the source with the built site in it, without the packages that built it."""
        made = self._node.assemble()
        if not (made.folder / self._site / "index.html").is_file():
            raise self._workshop.refuse(
                "build",
                f"there is no '{self._site}/index.html' afterwards",
                fix="let npm run build write the site to the folder that fairway.site names in "
                "package.json",
            )
        return Content(folder=made.folder, prefix=made.prefix, leave_out=made.leave_out)

    def run_tests(self, resolution: str) -> TestReport | None:
        return self._node.run_tests(resolution)


def _read_server() -> str:
    return Path(server.__file__).read_text(encoding="utf-8")
