"""From source to a bundle in two layers.

Belongs here: the order of a build's steps and what each leaves behind. Never here: command lines,
limits, archives' bytes, languages. Start at `BundleBuilder.build`.

A bundle is known by the digest of its manifest: canonical JSON of component, runtime and layers.
`dependencies` unpacks to `deps/`, with programs in `deps/bin/`; `application` to `app/`.
`runtime` says which Python or Node it was made for and, as `path`, which folders hold Python's
modules. Node is no part of a bundle: unpacking links `deps/bin/node` to this machine's.
"""

import errno
import json
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import uv

from fairway.core.release.release import Artifact, Layer, LayerName, TestReport
from fairway.drivers.bundle import layer as layers
from fairway.drivers.bundle import python, surroundings
from fairway.drivers.bundle.bundle_folder import BundleFolder
from fairway.drivers.bundle.dependencies import Dependencies, write_whole
from fairway.drivers.bundle.limited import Workshop
from fairway.drivers.bundle.node.npm import Npm
from fairway.drivers.bundle.node.project import NodeProject, is_node_project, read_node_project
from fairway.drivers.bundle.node.recipe import NodeRecipe
from fairway.drivers.bundle.node.runtime import Nodes
from fairway.drivers.bundle.project import (
    InvalidProject,
    Project,
    is_python_project,
    read_project,
)
from fairway.drivers.bundle.python import PythonRecipe
from fairway.drivers.bundle.recipe import Content, Recipe
from fairway.drivers.bundle.site.recipe import SiteRecipe
from fairway.drivers.bundle.test_environment import TestEnvironments
from fairway.drivers.jail.scratch import open_scratch
from fairway.formats import source_archive
from fairway.kits import canonical
from fairway.kits import digest as digests
from fairway.kits.canonical import JsonObject
from fairway.kits.digest import Digest
from fairway.kits.errors import Unavailable
from fairway.ports.blob_store import BlobStore
from fairway.ports.builder import Builder, BuildLog, BuildRequest


class BundleBuilder(Builder):
    """Builds Python and Node projects in limited subprocesses; safe among threads and processes.

    `python` is the interpreter that bundles are made for. `find_artifact` tells of what was built
    before, so that tests that passed for the same bundle are not run again. `cache` is for what
    uv fetched, and its sibling `npm` for what npm did; homes may share them.
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
        self._scratch = home / "build" / "scratch"
        self._resolutions = home / "build" / "resolutions"
        self._known_layers = home / "build" / "layers"
        self._cache = cache or home / "build" / "uv"
        self._nodes = Nodes(home / "runtimes", uv=Path(uv.find_uv_bin()), cache=self._cache)
        self._bundles = BundleFolder(
            blobs, home / "bundles", scratch=self._scratch, nodes=self._nodes, python=python
        )
        self._environments = home / "build" / "environments"
        self._python = python
        self._find_artifact = find_artifact

    @cached_property
    def _python_version(self) -> str:
        return python.read_version(self._python)

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
        try:
            recipe = self._choose_recipe(request, workshop)
        except InvalidProject as error:
            raise workshop.refuse("dependencies", error.why, fix=error.fix) from error
        resolution = recipe.resolve()
        # The application before the tests, which may write into the tree.
        made = (
            self._make_dependency_layer(recipe, resolution, workshop),
            self._make_application_layer(recipe, request.source, workshop),
        )
        manifest = _make_manifest(request.component, recipe, made)
        digest = digests.make_value_digest(manifest)
        workshop.check("tests")
        known = self._find_artifact(digest)
        if known is not None and (known.tests is not None or not request.is_tested):
            workshop.say("tests", "the same bundle was built before")
            return known
        tests = _run_tests(request, workshop, recipe, resolution)
        workshop.check("bundle")
        self._blobs.put([canonical.render_canonical(manifest)], expected=digest)
        workshop.say("bundle", digest)
        return Artifact(
            digest=digest,
            component=request.component,
            source=request.source,
            layers=made,
            runtime=recipe.runtime,
            tests=tests,
        )

    def _choose_recipe(self, request: BuildRequest, workshop: Workshop) -> Recipe:
        tree = workshop.folder / "app"
        if is_node_project(tree):
            if is_python_project(tree):
                why = "it has package.json, and also pyproject.toml or requirements.txt"
                fix = "keep a service of one language in a folder of its own"
                raise InvalidProject(why, fix=fix)
            return self._make_node_recipe(read_node_project(tree), workshop)
        project = read_project(tree, request.source)
        return PythonRecipe(
            workshop,
            project,
            dependencies=self._make_dependencies(workshop, project, tree),
            version=self._python_version,
            environments=TestEnvironments(self._environments / request.component),
        )

    def _make_node_recipe(self, project: NodeProject, workshop: Workshop) -> Recipe:
        node = self._nodes.get(project.node, oldest=project.oldest_node)
        npm = Npm(
            workshop,
            project,
            node=node,
            memory=self._resolutions,
            cache=self._cache.with_name("npm"),
        )
        recipe = NodeRecipe(workshop, project, npm, node)
        if not project.site:
            return recipe
        # What the site's server needs is listed whole, and read from no file of the project.
        server = Project(kind="requirements", input_digest=digests.make_value_digest(None))
        return SiteRecipe(
            workshop,
            recipe,
            site=project.site,
            dependencies=self._make_dependencies(workshop, server, workshop.folder),
            version=self._python_version,
        )

    def _make_dependencies(self, workshop: Workshop, project: Project, tree: Path) -> Dependencies:
        return Dependencies(
            workshop,
            project,
            tree=tree,
            uv=Path(uv.find_uv_bin()),
            python=self._python,
            memory=self._resolutions,
            environment=surroundings.make_index_environment(workshop.folder, self._cache),
        )

    def _make_dependency_layer(self, recipe: Recipe, resolution: str, workshop: Workshop) -> Layer:
        """Return the layer of a resolution, installing it only when no build did before."""
        key = digests.make_joined_digest((recipe.platform, resolution))
        known = self._recall_layer(key, "dependencies")
        if known is not None:
            workshop.say("dependencies", "unchanged")
            return known
        folder = workshop.folder / "deps"
        count = recipe.install(resolution, folder)
        layer = self._store_layer(Content(folder=folder, prefix="deps"), "dependencies")
        self._remember_layer(key, layer)
        workshop.say("dependencies", f"{count} packages")
        return layer

    def _make_application_layer(self, recipe: Recipe, source: Digest, workshop: Workshop) -> Layer:
        """Return the layer of the application, compiling one source only once."""
        compile_key = recipe.get_compile_key()
        if not compile_key:
            return self._store_layer(recipe.assemble(), "application")
        key = digests.make_joined_digest(("application", compile_key, source))
        known = self._recall_layer(key, "application")
        if known is not None:
            workshop.say("build", "unchanged")
            return known
        layer = self._store_layer(recipe.assemble(), "application")
        self._remember_layer(key, layer)
        workshop.say("build", f"{layer.size // 1024} KiB")
        return layer

    def _recall_layer(self, key: Digest, name: LayerName) -> Layer | None:
        memory = self._make_memory_path(key)
        if not memory.is_file():
            return None
        known = json.loads(memory.read_text())
        if not self._blobs.has(known["digest"]):
            return None
        return Layer(name=name, digest=known["digest"], size=known["size"])

    def _remember_layer(self, key: Digest, layer: Layer) -> None:
        memory = self._make_memory_path(key)
        memory.parent.mkdir(parents=True, exist_ok=True)
        write_whole(memory, json.dumps({"digest": layer.digest, "size": layer.size}))

    def _make_memory_path(self, key: Digest) -> Path:
        return self._known_layers / f"{key.removeprefix('sha256:')}.json"

    def _store_layer(self, content: Content, name: LayerName) -> Layer:
        digest = self._blobs.put(layers.pack_layer(content))
        return Layer(name=name, digest=digest, size=self._blobs.get_path(digest).stat().st_size)

    def unpack(self, artifact: Digest) -> Path:
        try:
            return self._bundles.unpack(artifact)
        except OSError as error:
            raise _explain(artifact, error) from error


def _make_manifest(component: str, recipe: Recipe, made: tuple[Layer, ...]) -> JsonObject:
    return {
        "component": component,
        "runtime": dict(recipe.runtime),
        "layers": [
            {"name": layer.name, "digest": layer.digest, "size": layer.size} for layer in made
        ],
    }


def _run_tests(
    request: BuildRequest, workshop: Workshop, recipe: Recipe, resolution: str
) -> TestReport | None:
    if not request.is_tested:
        workshop.say("tests", "left out by request")
        return None
    return recipe.run_tests(resolution)


def _explain(subject: str, error: OSError) -> Unavailable:
    is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return Unavailable(
        "DISK-FULL" if is_full else "BUILD-UNAVAILABLE",
        what=f"cannot build '{subject}'",
        why=f"{error.strerror or error}: '{error.filename}'" if error.filename else str(error),
        fix="free space in the state folder" if is_full else "make the state folder writable",
        delay_seconds=30,
    )
