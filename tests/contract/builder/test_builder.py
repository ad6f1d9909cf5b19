"""What every builder does."""

from collections.abc import Callable
from pathlib import Path

import pytest

from fairway.core.release.release import Artifact
from fairway.formats.source_archive import pack_source
from fairway.kits import digest as digests
from fairway.kits.errors import Refused
from fairway.ports.blob_store import BlobStore
from fairway.ports.builder import Builder, BuildRequest

Build = Callable[..., Artifact]


@pytest.fixture
def build(builder: Builder, blobs: BlobStore, tmp_path: Path) -> Build:
    def run(
        text: str = "print(1)\n", *, is_cancelled: bool = False, component: str = "svc"
    ) -> Artifact:
        folder = tmp_path / "source"
        folder.mkdir(exist_ok=True)
        (folder / "main.py").write_text(text)
        request = BuildRequest(
            component=component, source=blobs.put(pack_source(folder)), is_tested=True
        )
        return builder.build(request, lambda _step, _line: None, lambda: is_cancelled)

    return run


def test_the_same_source_gives_the_same_artifact(build: Build) -> None:
    assert build() == build()


def test_another_source_or_component_gives_another_digest(build: Build) -> None:
    made = {build().digest, build("print(2)\n").digest, build(component="other").digest}
    assert len(made) == 3


def test_every_layer_is_stored_with_its_size(build: Build, blobs: BlobStore) -> None:
    for layer in build().layers:
        content = blobs.get_path(layer.digest).read_bytes()
        assert digests.make_digest(content) == layer.digest
        assert len(content) == layer.size


def test_a_tree_is_unpacked_once_and_read_only(build: Build, builder: Builder) -> None:
    artifact = build()
    folder = builder.unpack(artifact.digest)
    assert builder.unpack(artifact.digest) == folder
    found = next(folder.rglob("main.py"))
    assert found.read_text() == "print(1)\n"
    assert found.stat().st_mode & 0o222 == 0


def test_a_cancelled_build_is_refused(build: Build) -> None:
    with pytest.raises(Refused) as refused:
        build(is_cancelled=True)
    assert refused.value.code == "BUILD-CANCELLED"


def test_an_unknown_source_is_refused(builder: Builder) -> None:
    request = BuildRequest(component="svc", source=digests.make_digest(b"?"), is_tested=True)
    with pytest.raises(Refused) as refused:
        builder.build(request, lambda _step, _line: None, lambda: False)
    assert refused.value.code == "BLOB-UNKNOWN"


def test_an_unknown_artifact_is_refused(builder: Builder) -> None:
    with pytest.raises(Refused) as refused:
        builder.unpack(digests.make_digest(b"?"))
    assert refused.value.code == "ARTIFACT-UNKNOWN"


def test_a_source_that_is_no_archive_is_refused(builder: Builder, blobs: BlobStore) -> None:
    source = blobs.put([b"not a tar archive" * 100])
    request = BuildRequest(component="svc", source=source, is_tested=True)
    with pytest.raises(Refused) as refused:
        builder.build(request, lambda _step, _line: None, lambda: False)
    assert refused.value.code == "ARCHIVE-UNSAFE"
