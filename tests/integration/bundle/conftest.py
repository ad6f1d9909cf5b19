"""Builds with the real uv and pytest, in folders of their own.

Belongs here: what the tests of builds share.
"""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fairway.core.release.release import Artifact
from fairway.drivers.bundle.builder import BundleBuilder
from fairway.drivers.filesystem.blob_store import FileBlobStore
from fairway.formats.source_archive import pack_source
from fairway.kits.digest import Digest
from fairway.ports.builder import BuildLimits, BuildRequest

PLAIN = {"main.py": "print('hello')\n"}
TESTED = {**PLAIN, "test_main.py": "def test_it_is_true():\n    assert True\n"}
DEPENDENT = {
    "main.py": "import idna\nprint(idna.__version__)\n",
    "pyproject.toml": '[project]\nname = "svc"\nversion = "1"\ndependencies = ["idna==3.10"]\n',
}


@dataclass
class Bench:
    """A builder with its state folder, and what it said."""

    home: Path
    limits: BuildLimits = BuildLimits()
    known: dict[Digest, Artifact] = field(default_factory=dict)
    lines: list[tuple[str, str]] = field(default_factory=list)
    is_cancelled: Callable[[], bool] = lambda: False

    def __post_init__(self) -> None:
        self.blobs = FileBlobStore(self.home / "blobs")
        self.builder = BundleBuilder(
            self.blobs, self.home, Path(sys.executable), find_artifact=self.known.get
        )

    def write(self, files: dict[str, str], name: str = "source") -> Path:
        folder = self.home / name
        shutil.rmtree(folder, ignore_errors=True)
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        return folder

    def build(self, files: dict[str, str], *, is_tested: bool = True) -> Artifact:
        source = self.blobs.put(pack_source(self.write(files)))
        request = BuildRequest(
            component="svc", source=source, is_tested=is_tested, limits=self.limits
        )
        artifact = self.builder.build(request, self._take, self.is_cancelled)
        self.known[artifact.digest] = artifact
        return artifact

    def _take(self, step: str, line: str) -> None:
        self.lines.append((step, line))

    @property
    def scratch(self) -> list[Path]:
        return list((self.home / "build" / "scratch").glob("*"))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "home")
