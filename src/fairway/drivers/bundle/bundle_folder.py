"""Bundles that lie unpacked, for workloads to run from.

Belongs here: making one from its layers, whole or not at all. Never here: building.

Releases of a component mostly share their dependencies. These are unpacked once for each layer,
with bytecode, and every bundle links to them.
"""

import errno
import json
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fairway.drivers.bundle.node.runtime import Nodes
from fairway.drivers.bundle.surroundings import SYSTEM_PATH
from fairway.drivers.jail.program import Limits
from fairway.drivers.jail.run import run_jailed
from fairway.drivers.jail.scratch import open_scratch
from fairway.formats import source_archive
from fairway.kits.digest import Digest
from fairway.kits.errors import Refused
from fairway.ports.blob_store import BlobStore

_MAX_BUNDLE_BYTES = 8 * 1024**3
Manifest = Mapping[str, Any]  # Any: the JSON that the builder made, verified by its digest
_FOLDERS = {"dependencies": "deps", "application": "app"}
_LAYERS = "layers"


class BundleFolder:
    """A folder of bundles by digest; safe among threads and processes.

    Raises of all methods: OSError, the disk is full or the folder read-only.
    """

    def __init__(
        self, blobs: BlobStore, folder: Path, *, scratch: Path, nodes: Nodes, python: Path
    ) -> None:
        self._blobs = blobs
        self._folder = folder
        self._scratch = scratch
        self._nodes = nodes
        self._python = python

    def unpack(self, artifact: Digest) -> Path:
        """Return the folder of the artifact's tree, made if need be.

        Raises:
            Refused: ARTIFACT-UNKNOWN.
        """
        folder = self._folder / artifact.removeprefix("sha256:")
        if folder.is_dir():
            self._renew_node(folder)
            return folder
        manifest = self._read_manifest(artifact)
        with open_scratch(self._scratch) as scratch:
            draft = scratch / "bundle"
            draft.mkdir()
            for layer in manifest["layers"]:
                name = _FOLDERS[layer["name"]]
                if name == "deps" and "node" not in manifest["runtime"]:
                    shared = self._share(Digest(layer["digest"]), name)
                    (draft / name).symlink_to(os.path.relpath(shared, self._folder / "bundle"))
                else:
                    self._unpack_layer(Digest(layer["digest"]), draft, name)
            self._finish(draft, manifest)
            _publish(draft, folder)
        return folder

    def _read_manifest(self, artifact: Digest) -> Manifest:
        if not self._blobs.has(artifact):
            raise Refused(
                "ARTIFACT-UNKNOWN",
                what=f"cannot unpack artifact '{artifact}'",
                why="no artifact with this digest was built here",
                fix="build it again",
                status=404,
            )
        manifest: Manifest = json.loads(self._blobs.get_path(artifact).read_bytes())
        return manifest

    def _share(self, layer: Digest, name: str) -> Path:
        """Return the folder `name` of a layer that all bundles with it share."""
        folder = self._folder / _LAYERS / layer.removeprefix("sha256:")
        if not folder.is_dir():
            with open_scratch(self._scratch) as scratch:
                draft = scratch / "layer"
                draft.mkdir()
                self._unpack_layer(layer, draft, name)
                self._compile(draft)
                _publish(draft, folder)
        return folder / name

    def _unpack_layer(self, layer: Digest, draft: Path, name: str) -> None:
        (draft / name).mkdir(exist_ok=True)
        with tarfile.open(self._blobs.get_path(layer), "r:gz") as tar:
            source_archive.unpack_tree(tar, draft, max_bytes=_MAX_BUNDLE_BYTES)

    def _compile(self, draft: Path) -> None:
        """Add bytecode, so that no start of a workload compiles its dependencies again.

        What does not compile is left: some packages carry files for other Pythons.
        """
        command = [str(self._python), "-I", "-S", "-m", "compileall", "-q", "-j", "0"]
        limits = Limits(
            memory_bytes=2 * 1024**3,
            cpu_seconds=300,
            wall_seconds=300,
            processes=64,
            disk_bytes=_MAX_BUNDLE_BYTES,
            folder=str(draft),
        )
        run_jailed(
            [*command, "--invalidation-mode", "unchecked-hash", str(draft)],
            limits,
            cwd=draft,
            environment={"PATH": SYSTEM_PATH, "LANG": "C.UTF-8"},
            take_line=lambda _: None,
        )

    def _finish(self, draft: Path, manifest: Manifest) -> None:
        (draft / "path").write_text(manifest["runtime"]["path"])
        if "node" in manifest["runtime"]:
            (draft / "deps" / "bin").mkdir(exist_ok=True)
            link = draft / "deps" / "bin" / "node"
            link.symlink_to(self._nodes.link(manifest["runtime"]["node"]))

    def _renew_node(self, folder: Path) -> None:
        """Let a bundle find its Node also after the machine's was replaced by another."""
        link = folder / "deps" / "bin" / "node"
        if link.is_symlink() and link.readlink().parent == self._nodes.links:
            self._nodes.link(link.readlink().name)


def _publish(draft: Path, folder: Path) -> None:
    """Make a finished folder visible at once; one that another made meanwhile is kept."""
    for path in draft.rglob("*"):
        if not path.is_symlink():
            is_open = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o555 if is_open else 0o444)
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        draft.rename(folder)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        return
    folder.chmod(0o555)
