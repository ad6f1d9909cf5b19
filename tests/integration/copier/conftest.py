"""A renderer of Copier's templates, and a way to see how it refuses one."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from fairway.drivers.copier.renderer import CopierRenderer
from fairway.kits.canonical import JsonObject
from fairway.kits.errors import Refused
from fairway.ports.renderer import RenderLimits

Files = Mapping[str, str | bytes | Path]
MIB = 1024**2
SMALL = RenderLimits(
    memory_bytes=300 * MIB, cpu_seconds=3, wall_seconds=30, disk_bytes=20 * MIB, files=300
)


class Bench:
    """A template in a folder, beside a file that it must not read."""

    def __init__(self, folder: Path) -> None:
        self.template = folder / "template"
        self.scratch = folder / "scratch"
        self.renderer = CopierRenderer(self.scratch)
        self.secret = folder / "secret.txt"
        self.secret.write_text("hunter2")

    def write(self, files: Files) -> Path:
        """Write files by path; a `Path` is a link to it."""
        for name, content in {"copier.yml": "name: {type: str}\n", **files}.items():
            path = self.template / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, Path):
                path.symlink_to(content)
            else:
                path.write_bytes(content.encode() if isinstance(content, str) else content)
        return self.template

    def refuse(
        self, files: Files, *, name: str = "orders", limits: RenderLimits = SMALL, times: int = 1
    ) -> Refused:
        """Render and return the refusal; nothing of it stays."""
        answers: list[JsonObject] = [{"name": name}] * times
        with pytest.raises(Refused) as refused:
            self.renderer.render(self.write(files), answers, limits=limits)
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
