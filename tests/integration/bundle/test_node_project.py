"""What package.json says, without running anything."""

import json
from pathlib import Path

import pytest

from fairway.drivers.bundle.node.project import NodeProject, read_node_project
from fairway.drivers.bundle.project import InvalidProject

pytestmark = pytest.mark.integration


def _read(tmp_path: Path, lock: object = None, **fields: object) -> NodeProject:
    (tmp_path / "package.json").write_text(json.dumps(fields))
    if lock is not None:
        (tmp_path / "package-lock.json").write_text(json.dumps(lock))
    return read_node_project(tmp_path)


@pytest.mark.parametrize(
    ("engine", "major"),
    [("22", "22"), ("22.x", "22"), ("^22.11.0", "22"), ("~20.1", "20"), (">=20", ""), ("*", "")],
)
def test_a_major_version_that_is_insisted_on_is_known(
    tmp_path: Path, engine: str, major: str
) -> None:
    assert _read(tmp_path, engines={"node": engine}).node == major


@pytest.mark.parametrize(
    ("engine", "oldest"), [(">=22", 22), (">= 22.11.0", 22), ("22", 0), (">=20 <23", 0), ("*", 0)]
)
def test_the_oldest_version_that_will_do_is_known(tmp_path: Path, engine: str, oldest: int) -> None:
    assert _read(tmp_path, engines={"node": engine}).oldest_node == oldest


def test_packages_whose_scripts_are_allowed_are_known_by_name(tmp_path: Path) -> None:
    allowed = {"esbuild@0.25.9": True, "@scope/native": True, "@scope/b@1.0.0": True, "c": False}
    project = _read(tmp_path, allowScripts=allowed)
    assert project.allowed == ("@scope/b", "@scope/native", "esbuild")


def test_only_what_decides_a_resolution_changes_its_digest(tmp_path: Path) -> None:
    first = _read(tmp_path, name="a", dependencies={"x": "1"}, scripts={"test": "true"})
    same = _read(tmp_path, name="b", dependencies={"x": "1"}, scripts={})
    other = _read(tmp_path, name="a", dependencies={"x": "2"}, scripts={"test": "true"})
    assert first.input_digest == same.input_digest != other.input_digest


def test_a_lock_has_to_list_what_is_asked_for(tmp_path: Path) -> None:
    lock = {"packages": {"": {"dependencies": {"x": "1", "gone": "1"}}}}
    with pytest.raises(InvalidProject, match=r"of package\.json: gone, new"):
        _read(tmp_path, lock, dependencies={"x": "1", "new": "1"})


def test_a_lock_of_another_tool_beside_npms_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / "yarn.lock").touch()
    lock = {"packages": {"": {"dependencies": {"x": "1"}}}}
    assert _read(tmp_path, lock, dependencies={"x": "1"}).has_runtime_dependencies


def test_without_a_script_there_are_no_tests(tmp_path: Path) -> None:
    assert not _read(tmp_path).has_tests
    assert _read(tmp_path, scripts={"test": "node --test"}).has_tests


@pytest.mark.parametrize("site", ["../x", "/x", ".", 5, "a/../../b"])
def test_a_site_is_a_folder_of_the_project(tmp_path: Path, site: object) -> None:
    with pytest.raises(InvalidProject, match=r"fairway\.site"):
        _read(tmp_path, fairway={"site": site})
