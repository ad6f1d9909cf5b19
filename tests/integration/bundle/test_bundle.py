"""What a build makes."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from fairway.core.release.release import TestReport
from fairway.kits.digest import Digest
from fairway.kits.errors import Refused
from tests.integration.bundle.conftest import DEPENDENT, PLAIN, TESTED, Bench

pytestmark = pytest.mark.integration


def _run(bench: Bench, digest: Digest) -> str:
    folder = bench.builder.unpack(digest)
    completed = subprocess.run(
        [sys.executable, "-S", "main.py"],
        cwd=folder / "app",
        env={"PYTHONPATH": str(folder / "deps"), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return completed.stdout.strip()


def test_a_plain_program_becomes_a_bundle(bench: Bench) -> None:
    artifact = bench.build(PLAIN)
    assert [layer.name for layer in artifact.layers] == ["dependencies", "application"]
    assert artifact.tests is None
    assert ("tests", "the project has none") in bench.lines
    assert _run(bench, artifact.digest) == "hello"


def test_dependencies_are_installed_beside_the_program(bench: Bench) -> None:
    assert _run(bench, bench.build(DEPENDENT).digest) == "3.10"


def test_the_same_source_gives_the_same_digest_in_another_place(tmp_path: Path) -> None:
    files = {
        **DEPENDENT,
        "requirements.txt": "idna==3.10\nnumpy-not-there ; python_version < '3'\n",
    }
    files["requirements.txt"] += "httptools>=0.6\nclick==8.1.8\npygments==2.19.2\n"
    first, second = (Bench(tmp_path / name / "home").build(files) for name in ("a", "b-longer"))
    assert first.digest == second.digest
    assert first.layers == second.layers


def test_scripts_find_python_by_path(bench: Bench) -> None:
    artifact = bench.build({**PLAIN, "requirements.txt": "pygments==2.19.2\n"})
    script = bench.builder.unpack(artifact.digest) / "deps" / "bin" / "pygmentize"
    assert script.read_text().startswith("#!/usr/bin/env python3\n")
    assert script.stat().st_mode & stat.S_IXUSR
    record = next((script.parents[1]).glob("*.dist-info/RECORD")).read_text()
    assert "INSTALLER" not in record
    assert "bin/pygmentize" in record


def test_a_change_of_one_line_keeps_the_dependency_layer(bench: Bench) -> None:
    first = bench.build(DEPENDENT)
    bench.lines.clear()
    second = bench.build({**DEPENDENT, "main.py": DEPENDENT["main.py"] + "# more\n"})
    assert ("dependencies", "unchanged") in bench.lines
    assert first.layers[0] == second.layers[0]
    assert first.layers[1] != second.layers[1]
    assert first.digest != second.digest


def test_a_change_that_no_dependency_sees_keeps_the_resolution(bench: Bench) -> None:
    bench.build(DEPENDENT)
    bench.lines.clear()
    settings = DEPENDENT["pyproject.toml"] + "\n[tool.other]\nx = 1\n"
    bench.build({**DEPENDENT, "pyproject.toml": settings})
    assert ("dependencies", "unchanged") in bench.lines


def test_requirements_with_hashes_are_installed_as_they_are(bench: Bench) -> None:
    wrong = "idna==3.10 \\\n    --hash=sha256:" + "0" * 64 + "\n"
    with pytest.raises(Refused, match="step dependencies") as refused:
        bench.build({**PLAIN, "requirements.txt": wrong})
    assert refused.value.code == "BUILD-FAILED"
    assert "hash" in refused.value.why.lower()


def test_a_lock_is_followed_and_must_fit(bench: Bench) -> None:
    lock = """version = 1
revision = 3
requires-python = ">=3.11"

[[package]]
name = "svc"
version = "1"
source = { virtual = "." }
"""
    files = {
        "main.py": "print('locked')\n",
        "pyproject.toml": '[project]\nname = "svc"\nversion = "1"\nrequires-python = ">=3.11"\n',
        "uv.lock": lock,
    }
    assert _run(bench, bench.build(files).digest) == "locked"
    files["pyproject.toml"] += 'dependencies = ["idna"]\n'
    with pytest.raises(Refused, match=r"uv\.lock does not fit.*'idna'") as refused:
        bench.build(files)
    assert "uv lock" in refused.value.fix


def test_an_unknown_package_is_named(bench: Bench) -> None:
    with pytest.raises(Refused) as refused:
        bench.build({**PLAIN, "requirements.txt": "idna==999.0\n"})
    assert refused.value.code == "BUILD-FAILED"
    assert "999" in refused.value.why


def test_a_broken_pyproject_is_named(bench: Bench) -> None:
    with pytest.raises(Refused, match=r"pyproject\.toml") as refused:
        bench.build({**PLAIN, "pyproject.toml": "[project\n"})
    assert refused.value.code == "BUILD-FAILED"


def test_tests_are_run_and_counted(bench: Bench) -> None:
    text = "import pytest\ndef test_a(): pass\n@pytest.mark.skip\ndef test_b(): pass\n"
    artifact = bench.build({**PLAIN, "tests/test_it.py": text})
    assert isinstance(artifact.tests, TestReport)
    assert (artifact.tests.passed, artifact.tests.failed, artifact.tests.skipped) == (1, 0, 1)


def test_what_only_tests_need_stays_out_of_the_bundle(bench: Bench) -> None:
    text = '\n[dependency-groups]\ndev = ["iniconfig", "pygments"]\n'
    tests = "import pygments, idna, main\ndef test_a(): pass\n"
    files = {**DEPENDENT, "tests/test_it.py": tests}
    files["pyproject.toml"] += text
    artifact = bench.build(files)
    assert artifact.tests is not None
    names = {path.name for path in (bench.builder.unpack(artifact.digest) / "deps").iterdir()}
    assert "idna" in names
    assert not names & {"pygments", "pytest"}


def test_failing_tests_stop_the_build(bench: Bench) -> None:
    with pytest.raises(Refused, match="1 failed") as refused:
        bench.build({**PLAIN, "test_main.py": "def test_no():\n    assert 'here' == 'gone'\n"})
    assert refused.value.code == "BUILD-TESTS-FAILED"
    assert "gone" in refused.value.why


def test_tests_that_cannot_be_read_stop_the_build(bench: Bench) -> None:
    with pytest.raises(Refused) as refused:
        bench.build({**PLAIN, "test_main.py": "import nothing_like_it\n"})
    assert refused.value.code == "BUILD-TESTS-FAILED"
    assert "nothing_like_it" in refused.value.why


def test_tests_may_be_left_out_and_are_made_up_for(bench: Bench) -> None:
    untested = bench.build(TESTED, is_tested=False)
    assert untested.tests is None
    tested = bench.build(TESTED)
    assert tested.digest == untested.digest
    assert tested.tests is not None


def test_the_same_bundle_is_not_tested_twice(bench: Bench) -> None:
    first = bench.build(TESTED)
    bench.lines.clear()
    assert bench.build(TESTED) == first
    assert ("tests", "the same bundle was built before") in bench.lines


def test_tests_see_nothing_of_the_platform(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAIRWAY_DATABASE_URL", "postgresql://secret")
    monkeypatch.setenv("UV_INDEX_PRIVATE_PASSWORD", "secret")
    text = """import importlib.util, os
def test_a():
    assert "secret" not in repr(dict(os.environ))
    assert not [name for name in os.environ if name.startswith(("FAIRWAY_", "UV_", "PIP_"))]
    assert importlib.util.find_spec("sqlalchemy") is None
    assert os.environ["HOME"] != os.path.expanduser("~root")
"""
    assert bench.build({**PLAIN, "test_main.py": text}).tests is not None


def test_a_project_in_src_is_found_by_its_tests(bench: Bench) -> None:
    files = {
        "src/svc/__init__.py": "X = 1\n",
        "tests/test_it.py": "import svc\ndef test_a():\n    assert svc.X\n",
    }
    artifact = bench.build(files)
    assert artifact.tests is not None
    assert artifact.runtime["path"] == "app/src:app:deps"


def test_an_unpacked_bundle_is_read_only_and_made_once(bench: Bench) -> None:
    artifact = bench.build(PLAIN)
    folder = bench.builder.unpack(artifact.digest)
    assert bench.builder.unpack(artifact.digest) == folder
    modes = {path.stat().st_mode & 0o222 for path in (folder, *folder.rglob("*"))}
    assert modes == {0}
    assert ":" not in str(folder)
    assert not bench.scratch


def test_an_unknown_artifact_cannot_be_unpacked(bench: Bench) -> None:
    with pytest.raises(Refused) as refused:
        bench.builder.unpack(Digest("sha256:" + "1" * 64))
    assert refused.value.code == "ARTIFACT-UNKNOWN"


def test_a_bundle_whose_blobs_are_gone_cannot_be_unpacked(bench: Bench) -> None:
    artifact = bench.build(PLAIN)
    for blob in (bench.home / "blobs").glob("??/*"):
        blob.unlink()
    with pytest.raises(Refused) as refused:
        bench.builder.unpack(artifact.digest)
    assert refused.value.code == "ARTIFACT-UNKNOWN"


def test_credentials_of_an_index_are_not_logged(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_INDEX_URL", "http://ana:geheim@127.0.0.1:9/simple")
    with pytest.raises(Refused) as refused:
        bench.build({**PLAIN, "requirements.txt": "never-heard-of==1\n"})
    assert "geheim" not in refused.value.why + repr(bench.lines)
