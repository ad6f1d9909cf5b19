"""What the dead leave behind is gone after a start, and only that."""

import subprocess
import sys
from pathlib import Path

import pytest

from fairway.drivers.git import recovery
from fairway.drivers.git.command import MARK
from fairway.drivers.git.source_control import GitSourceControl
from fairway.ports.source_control import SourceControl

pytestmark = pytest.mark.integration

LEFT = (
    "HEAD.lock",
    "packed-refs.lock",
    "config.lock",
    "refs/heads/main.lock",
    "refs/heads/a/b.lock",
    "refs/tags/v1.lock",
    "logs/refs/heads/main.lock",
    "objects/info/commit-graphs/commit-graph-chain.lock",
    "objects/pack/tmp_pack_x1",
    "objects/pack/.tmp-1-pack-x",
    "objects/tmp_objdir-incoming-x/pack/pack-1.pack",
)


@pytest.fixture
def control(tmp_path: Path) -> SourceControl:
    control = GitSourceControl(tmp_path)
    control.create("orders", default_branch="main")
    return control


def test_locks_and_half_received_objects_are_removed(
    control: SourceControl, tmp_path: Path
) -> None:
    folder = control.get_path("orders")
    before = sorted(folder.rglob("*"))
    for name in LEFT:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")
    (tmp_path / ".made-x1").mkdir()
    recovery.recover(tmp_path)
    assert not [name for name in LEFT if (folder / name).exists()]
    assert set(before) <= set(folder.rglob("*"))
    assert not (tmp_path / ".made-x1").exists()


def test_processes_of_these_repositories_are_ended_and_no_others(tmp_path: Path) -> None:
    sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
    ours = subprocess.Popen(sleep, env={MARK: str(tmp_path)})
    other = subprocess.Popen(sleep, env={MARK: f"{tmp_path}-other"})
    try:
        recovery.recover(tmp_path)
        assert ours.wait(10) == -9
        assert other.poll() is None
    finally:
        for process in (ours, other):
            process.kill()
            process.wait()


def test_a_start_without_repositories_finds_nothing_to_do(tmp_path: Path) -> None:
    recovery.recover(tmp_path / "none")
    assert not (tmp_path / "none").exists()
