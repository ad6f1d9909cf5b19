"""From source to a bundle in two layers.

Belongs here: the order of a build's steps and what each leaves behind. Never here: command lines,
limits, archives' bytes. Start at `BundleBuilder.build`.

A bundle is known by the digest of its manifest: canonical JSON of component, runtime and layers.
`dependencies` unpacks to `deps/`, with console scripts in `deps/bin/`; `application` to `app/`.
`runtime` says which Python it was made for and, as `path`, which folders hold its modules.
"""

import errno
import json
import platform
import subprocess
import tarfile
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import uv

from fairway.core.release.release import Artifact, Layer, TestReport
from fairway.drivers.bundle import layer as layers
from fairway.drivers.bundle import surroundings
from fairway.drivers.bundle.dependencies import Dependencies, write_whole
from fairway.drivers.bundle.limited import Workshop
from fairway.drivers.bundle.project import InvalidProject, Project, read_project
from fairway.drivers.bundle.suite import run_suite
from fairway.drivers.jail.scratch import open_scratch
from fairway.formats import source_archive
from fairway.kits import canonical
from fairway.kits import digest as digests
from fairway.kits.canonical import JsonObject
from fairway.kits.digest import Digest
from fairway.kits.errors import Refused, Unavailable
from fairway.ports.blob_store import BlobStore
from fairway.ports.builder import Builder, BuildLog, BuildRequest

_MAX_BUNDLE_BYTES = 8 * 1024**3
Manifest = Mapping[str, Any]  # Any: the JSON that `_make_manifest` made, verified by its digest
_FOLDERS = {"dependencies": "deps", "application": "app"}


class BundleBuilder(Builder):
    """Builds with uv and pytest in limited subprocesses; safe among threads and processes.

    `python` is the interpreter that bundles are made for. `find_artifact` tells of what was built
    before, so that tests that passed for the same bundle are not run again. `cache` is for what
    uv fetched; homes may share it.
    """

    def __init__(
        self,
        blobs: BlobStore,
        home: Path,
        python: Path,
        *,
        find_artifact: Callable[[Digest], Artifact | None],
        cache: Path | None = None,
    ) -> None:
        self._blobs = blobs
        self._bundles = home / "bundles"
        self._scratch = home / "build" / "scratch"
        self._resolutions = home / "build" / "resolutions"
        self._known_layers = home / "build" / "layers"
        self._cache = cache or home / "build" / "cache"
        self._python = python
        self._find_artifact = find_artifact

    @cached_property
    def _python_version(self) -> str:
        code = "import sys; print('%d.%d' % sys.version_info[:2])"
        command = [str(self._python), "-I", "-S", "-c", code]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    @property
    def _platform(self) -> str:
        return f"{self._python_version} {platform.system()} {platform.machine()}"

    def build(
        self, request: BuildRequest, log: BuildLog, is_cancelled: Callable[[], bool]
    ) -> Artifact:
        archive = self._blobs.get_path(request.source)
        try:
            with open_scratch(self._scratch) as scratch:
                workshop = Workshop(
                    scratch,
                    request.component,
                    limits=request.limits,
                    log=log,
                    is_cancelled=is_cancelled,
                )
                source_archive.unpack_source(archive, scratch / "app")
                return self._build(request, workshop)
        except OSError as error:
            raise _explain(request.component, error) from error

    def _build(self, request: BuildRequest, workshop: Workshop) -> Artifact:
        tree = workshop.folder / "app"
        try:
            project = read_project(tree, request.source)
        except InvalidProject as error:
            raise workshop.refuse("dependencies", error.why, fix=error.fix) from error
        dependencies = Dependencies(
            workshop,
            project,
            tree=tree,
            uv=Path(uv.find_uv_bin()),
            python=self._python,
            memory=self._resolutions,
            environment=surroundings.make_index_environment(workshop.folder, self._cache),
        )
        resolution = dependencies.resolve(self._platform)
        dependency_layer = self._make_dependency_layer(dependencies, resolution, workshop)
        # Before the tests, which may write into the tree.
        application_layer = self._store_layer(tree, "application")
        made = (dependency_layer, application_layer)
        manifest = self._make_manifest(request.component, project, made)
        digest = digests.make_value_digest(manifest)
        workshop.check("tests")
        known = self._find_artifact(digest)
        if known is not None and (known.tests is not None or not request.is_tested):
            workshop.say("tests", "the same bundle was built before")
            return known
        tests = self._run_tests(
            request, workshop, project, dependencies=dependencies, resolution=resolution
        )
        workshop.check("bundle")
        self._blobs.put([canonical.render_canonical(manifest)], expected=digest)
        workshop.say("bundle", digest)
        return Artifact(
            digest=digest,
            component=request.component,
            source=request.source,
            layers=made,
            runtime=self._make_runtime(project),
            tests=tests,
        )

    def _make_runtime(self, project: Project) -> dict[str, str]:
        modules = (Path("app", folder).as_posix() for folder in project.path)
        return {"python": self._python_version, "path": ":".join((*modules, "deps"))}

    def _make_manifest(
        self, component: str, project: Project, made: tuple[Layer, ...]
    ) -> JsonObject:
        return {
            "component": component,
            "runtime": self._make_runtime(project),
            "layers": [
                {"name": layer.name, "digest": layer.digest, "size": layer.size} for layer in made
            ],
        }

    def _make_dependency_layer(
        self, dependencies: Dependencies, resolution: str, workshop: Workshop
    ) -> Layer:
        """Return the layer of a resolution, installing it only when no build did before."""
        key = digests.make_joined_digest((self._platform, resolution))
        memory = self._known_layers / f"{key.removeprefix('sha256:')}.json"
        if memory.is_file():
            known = json.loads(memory.read_text())
            if self._blobs.has(known["digest"]):
                workshop.say("dependencies", "unchanged")
                return Layer(name="dependencies", digest=known["digest"], size=known["size"])
        folder = workshop.folder / "deps"
        dependencies.install(resolution, folder)
        layers.normalise_installation(folder)
        layer = self._store_layer(folder, "dependencies")
        memory.parent.mkdir(parents=True, exist_ok=True)
        write_whole(memory, json.dumps({"digest": layer.digest, "size": layer.size}))
        count = len(list(folder.glob("*.dist-info")))
        workshop.say("dependencies", f"{count} packages")
        return layer

    def _store_layer(self, folder: Path, name: str) -> Layer:
        digest = self._blobs.put(layers.pack_layer(folder, _FOLDERS[name]))
        size = self._blobs.get_path(digest).stat().st_size
        if name == "application":
            return Layer(name="application", digest=digest, size=size)
        return Layer(name="dependencies", digest=digest, size=size)

    def _run_tests(
        self,
        request: BuildRequest,
        workshop: Workshop,
        project: Project,
        *,
        dependencies: Dependencies,
        resolution: str,
    ) -> TestReport | None:
        """Run the project's tests, in an environment that also has what only they need."""
        if not request.is_tested:
            workshop.say("tests", "left out by request")
            return None
        if not project.has_tests:
            workshop.say("tests", "the project has none")
            return None
        wanted = dependencies.resolve_for_tests(self._platform, resolution)
        packages = workshop.folder / "test-deps"
        dependencies.install(wanted, packages)
        interpreter = dependencies.make_interpreter(workshop.folder / "venv")
        return run_suite(workshop, project, packages=packages, interpreter=interpreter)

    def unpack(self, artifact: Digest) -> Path:
        folder = self._bundles / artifact.removeprefix("sha256:")
        if folder.is_dir():
            return folder
        try:
            with open_scratch(self._scratch) as scratch:
                self._unpack_layers(self._read_manifest(artifact), scratch / "bundle")
                self._publish(scratch / "bundle", folder)
        except OSError as error:
            raise _explain(artifact, error) from error
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

    def _unpack_layers(self, manifest: Manifest, folder: Path) -> None:
        for name in _FOLDERS.values():
            (folder / name).mkdir(parents=True)
        for layer in manifest["layers"]:
            path = self._blobs.get_path(Digest(layer["digest"]))
            with tarfile.open(path, "r:gz") as tar:
                source_archive.unpack_tree(tar, folder, max_bytes=_MAX_BUNDLE_BYTES)
        (folder / "path").write_text(manifest["runtime"]["path"])

    def _publish(self, draft: Path, folder: Path) -> None:
        """Make a finished bundle visible at once; one that another made meanwhile is kept."""
        for path in draft.rglob("*"):
            if not path.is_symlink():
                is_open = path.is_dir() or path.stat().st_mode & 0o100
                path.chmod(0o555 if is_open else 0o444)
        self._bundles.mkdir(parents=True, exist_ok=True)
        try:
            draft.rename(folder)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            return
        folder.chmod(0o555)


def _explain(subject: str, error: OSError) -> Unavailable:
    is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return Unavailable(
        "DISK-FULL" if is_full else "BUILD-UNAVAILABLE",
        what=f"cannot build '{subject}'",
        why=f"{error.strerror or error}: '{error.filename}'" if error.filename else str(error),
        fix="free space in the state folder" if is_full else "make the state folder writable",
        delay_seconds=30,
    )
