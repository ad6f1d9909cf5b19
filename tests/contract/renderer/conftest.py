"""Every renderer, and templates written into temporary folders."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from fairway.drivers.copier.renderer import CopierRenderer
from fairway.ports.renderer import Renderer

Files = Mapping[str, str | bytes | Path]
MakeTemplate = Callable[[Files], Path]


@pytest.fixture(params=["copier"])
def renderer(tmp_path: Path) -> Renderer:
    return CopierRenderer(tmp_path / "scratch")


@pytest.fixture
def make_template(tmp_path: Path) -> MakeTemplate:
    """Write files by path; a `Path` is a link to it, and a name that ends with `*` executable."""

    def make(files: Files) -> Path:
        root = tmp_path / "template"
        for name, content in {"copier.yml": "name: {type: str}\n", **files}.items():
            path = root / name.removesuffix("*")
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, Path):
                path.symlink_to(content)
                continue
            path.write_bytes(content.encode() if isinstance(content, str) else content)
            if name.endswith("*"):
                path.chmod(0o755)
        return root

    return make
