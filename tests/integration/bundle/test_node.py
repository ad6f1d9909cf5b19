"""What a build makes of a Node project."""

import json
import subprocess
from pathlib import Path

import pytest
import uv

from fairway.core.release.release import TestReport
from fairway.drivers.bundle.node.runtime import Nodes
from fairway.kits.digest import Digest
from fairway.kits.errors import Refused
from tests.integration.bundle.conftest import Bench

pytestmark = pytest.mark.integration

PROGRAM = "import isodd from 'is-odd';\nconsole.log(isodd(3) ? 'odd' : 'even');\n"
PLAIN = {"main.js": "console.log('hello');\n", "package.json": '{"name": "svc"}'}


def _package(**fields: object) -> str:
    return json.dumps({"name": "svc", "private": True, "type": "module", **fields})


DEPENDENT = {
    "main.js": PROGRAM,
    "package.json": _package(
        dependencies={"is-odd": "3.0.1"}, devDependencies={"is-number": "6.0.0"}
    ),
}
NODE_TESTS = """import test from 'node:test';
test('passes', () => {});
test('is left out', { skip: true }, () => {});
"""


def _run(bench: Bench, digest: Digest, program: str = "main.js") -> str:
    """Run a program of a bundle as the process target does: by name, from a folder of links."""
    folder = bench.builder.unpack(digest)
    work = bench.home / "work"
    work.mkdir(exist_ok=True)
    for path in (folder / "app").iterdir():
        if not (work / path.name).is_symlink():
            (work / path.name).symlink_to(path)
    done = subprocess.run(
        ["node", program],
        cwd=work,
        env={"PATH": f"{folder}/deps/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_a_program_without_packages_becomes_a_bundle(bench: Bench) -> None:
    artifact = bench.build(PLAIN)
    assert artifact.tests is None
    assert ("tests", "the project has none") in bench.lines
    assert set(artifact.runtime) == {"node", "path"}
    assert _run(bench, artifact.digest) == "hello"


def test_packages_are_beside_the_program(bench: Bench) -> None:
    artifact = bench.build(DEPENDENT)
    assert _run(bench, artifact.digest) == "odd"
    modules = bench.builder.unpack(artifact.digest) / "deps" / "node_modules"
    # is-odd brings its own is-number; the one for development would be beside it.
    assert (modules / "is-number" / "package.json").is_file()
    version = json.loads((modules / "is-number" / "package.json").read_text())["version"]
    assert version == "6.0.0"
    assert not (modules / ".package-lock.json").exists()


def test_what_only_development_needs_stays_out_of_the_bundle(bench: Bench) -> None:
    package = _package(dependencies={"is-odd": "3.0.1"}, devDependencies={"semver": "7.7.2"})
    artifact = bench.build({"main.js": PROGRAM, "package.json": package})
    names = {path.name for path in (bench.builder.unpack(artifact.digest) / "deps").glob("*/*")}
    assert "is-odd" in names
    assert "semver" not in names


def test_the_same_source_gives_the_same_digest_in_another_place(tmp_path: Path) -> None:
    files = {
        **DEPENDENT,
        "package.json": _package(
            dependencies={"semver": "7.7.2"}, scripts={"build": "echo made > out.txt"}
        ),
    }
    first, second = (Bench(tmp_path / name / "home").build(files) for name in ("a", "b-longer"))
    assert first.digest == second.digest


def test_programs_of_packages_are_found_by_name(bench: Bench) -> None:
    package = _package(dependencies={"semver": "7.7.2"})
    artifact = bench.build({"main.js": "", "package.json": package})
    folder = bench.builder.unpack(artifact.digest)
    done = subprocess.run(
        ["semver", "1.2.3"],
        env={"PATH": f"{folder}/deps/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "1.2.3"


def test_a_build_script_compiles_the_source_once(bench: Bench) -> None:
    script = "import fs from 'node:fs'; import 'is-number'; fs.writeFileSync('made.js', '');"
    files = {**PLAIN, "make.js": script + "console.log('compiling');"}
    files["package.json"] = _package(
        scripts={"build": "node make.js"}, devDependencies={"is-number": "6.0.0"}
    )
    artifact = bench.build(files)
    assert ("build", "compiling") in bench.lines
    app = bench.builder.unpack(artifact.digest) / "app"
    assert (app / "made.js").is_file()
    assert not (app / "node_modules").exists()
    bench.lines.clear()
    assert bench.build(files) == artifact
    assert ("build", "unchanged") in bench.lines
    assert ("build", "compiling") not in bench.lines


def test_a_failing_build_script_stops_the_build(bench: Bench) -> None:
    package = _package(scripts={"build": "echo broken types; exit 3"})
    with pytest.raises(Refused, match="npm run build ended with 3") as refused:
        bench.build({**PLAIN, "package.json": package})
    assert "broken types" in refused.value.why


def test_tests_of_nodes_runner_are_counted(bench: Bench) -> None:
    package = _package(scripts={"test": "node --test"})
    artifact = bench.build({**PLAIN, "package.json": package, "a.test.js": NODE_TESTS})
    assert isinstance(artifact.tests, TestReport)
    assert (artifact.tests.passed, artifact.tests.failed, artifact.tests.skipped) == (1, 0, 1)


def test_failing_tests_stop_the_build(bench: Bench) -> None:
    package = _package(scripts={"test": "node --test"})
    tests = NODE_TESTS + "test('no', () => { throw new Error('gone'); });\n"
    with pytest.raises(Refused, match="1 failed, 1 passed") as refused:
        bench.build({**PLAIN, "package.json": package, "a.test.js": tests})
    assert refused.value.code == "BUILD-TESTS-FAILED"


def test_a_test_script_without_a_report_counts_as_one_test(bench: Bench) -> None:
    artifact = bench.build({**PLAIN, "package.json": _package(scripts={"test": "true"})})
    assert artifact.tests is not None
    assert (artifact.tests.passed, artifact.tests.failed) == (1, 0)
    with pytest.raises(Refused, match="1 failed"):
        bench.build({**PLAIN, "package.json": _package(scripts={"test": "false"})})


def test_what_npm_init_writes_for_want_of_tests_is_no_test(bench: Bench) -> None:
    script = 'echo "Error: no test specified" && exit 1'
    artifact = bench.build({**PLAIN, "package.json": _package(scripts={"test": script})})
    assert artifact.tests is None


def test_a_lock_is_followed_and_must_fit(bench: Bench) -> None:
    lock = json.dumps({"name": "svc", "lockfileVersion": 3, "packages": {"": {"name": "svc"}}})
    with pytest.raises(Refused, match=r"does not fit dependencies.*: is-odd") as refused:
        bench.build({**DEPENDENT, "package-lock.json": lock})
    assert "npm install" in refused.value.fix


def test_an_unknown_package_is_named(bench: Bench) -> None:
    package = _package(dependencies={"is-odd": "999.0.0"})
    with pytest.raises(Refused, match=r"is-odd@999\.0\.0"):
        bench.build({**PLAIN, "package.json": package})


def test_two_languages_in_one_folder_are_refused(bench: Bench) -> None:
    with pytest.raises(Refused, match=r"package\.json, and also pyproject\.toml or requirements"):
        bench.build({**PLAIN, "requirements.txt": "idna\n"})
    # Settings of tools alone make no Python project.
    assert bench.build({**PLAIN, "pyproject.toml": "[tool.ruff]\n"}).tests is None


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"package.json": "{"}, r"package\.json: "),
        ({"package.json": "[]"}, "is not an object"),
        ({"package.json": '{"scripts": []}'}, "scripts is not an object"),
        ({"package.json": '{"workspaces": ["a"]}'}, "workspaces are not built"),
        ({"package.json": '{"dependencies": {"x": "file:../x"}}'}, "dependencies.x is a folder"),
        ({"package.json": '{"fairway": {"site": "../x"}}'}, "fairway.site is '../x'"),
        ({"package.json": '{"fairway": {"site": "."}}'}, "fairway.site is the whole project"),
        ({"package.json": "{}", "yarn.lock": ""}, r"locked by yarn\.lock"),
    ],
)
def test_what_a_build_does_not_do_is_said(bench: Bench, files: dict[str, str], why: str) -> None:
    with pytest.raises(Refused, match=why):
        bench.build(files)


def test_install_scripts_run_only_where_the_project_allows_them(bench: Bench) -> None:
    tools = {"esbuild": "0.25.9"}
    link = "deps/node_modules/esbuild/bin/esbuild"
    artifact = bench.build({**PLAIN, "package.json": _package(dependencies=tools)})
    untouched = (bench.builder.unpack(artifact.digest) / link).read_bytes()
    assert untouched.startswith(b"#!")
    allowed = _package(dependencies=tools, allowScripts={"esbuild@0.25.9": True})
    artifact = bench.build({**PLAIN, "package.json": allowed})
    assert (bench.builder.unpack(artifact.digest) / link).read_bytes().startswith(b"\x7fELF")


def test_a_bundle_finds_node_again_when_its_link_is_lost(bench: Bench) -> None:
    artifact = bench.build(PLAIN)
    bench.builder.unpack(artifact.digest)
    (bench.home / "runtimes" / "node" / artifact.runtime["node"]).unlink()
    assert _run(bench, artifact.digest) == "hello"


def test_node_is_installed_where_the_machine_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    nodes = Nodes(tmp_path / "runtimes", uv=Path(uv.find_uv_bin()), cache=tmp_path / "uv")
    node = nodes.get()
    ask = [str(node.binary), str(node.npm), "--version"]
    done = subprocess.run(ask, capture_output=True, text=True, check=True)
    assert done.stdout.strip().count(".") == 2
    version = subprocess.run(
        [nodes.link(node.major), "--version"], capture_output=True, text=True, check=True
    )
    assert version.stdout.startswith(f"v{node.major}.")
