"""The jail holds what would get out of the sandbox, and takes nothing on trust."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fairway.core.source.tree import TreeFile
from fairway.drivers.jail.run import Ending, run_jailed
from fairway.drivers.template.output import TooMuchOutput, UnsafeOutput, collect_tree
from fairway.drivers.template.renderer import make_jail_limits
from tests.integration.copier.conftest import SMALL

pytestmark = pytest.mark.integration


def _run(code: str, folder: Path) -> tuple[Ending, list[str]]:
    lines: list[str] = []
    ending = run_jailed(
        [sys.executable, "-I", "-S", "-c", code],
        make_jail_limits(SMALL, folder, 1),
        cwd=folder,
        environment={},
        take_line=lambda line: lines.append(line.decode()),
    )
    return ending, lines


def test_no_process_can_be_started(tmp_path: Path) -> None:
    ending, lines = _run("import os; os.fork(); print('forked')", tmp_path)
    assert ending.cause == "processes"
    assert "forked" not in lines


def test_there_is_no_network(tmp_path: Path) -> None:
    if subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs the right to make a network namespace")
    code = "import socket; print(socket.create_connection(('127.0.0.1', {port}), 2))"
    with subprocess.Popen(
        [sys.executable, "-c", _LISTEN], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout
        port = server.stdout.readline().strip()
        subprocess.run([sys.executable, "-c", code.format(port=port)], check=True)
        ending, lines = _run(code.format(port=port), tmp_path)
        server.communicate()
    assert ending.code == 1
    assert "unreachable" in lines[-1]


_LISTEN = """
import socket, sys
with socket.create_server(("127.0.0.1", 0)) as server:
    print(server.getsockname()[1], flush=True)
    sys.stdin.read()
"""


def test_many_empty_files_are_counted(tmp_path: Path) -> None:
    code = "import time\nfor n in range(2000): open(f'f{n}', 'w')\ntime.sleep(20)"
    assert _run(code, tmp_path)[0].cause == "files"


def test_a_tree_is_collected_with_modes_and_links(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/run").write_text("x")
    (tmp_path / "a/run").chmod(0o4711)
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("a/run")
    assert collect_tree(tmp_path, disk_bytes=10, files=10) == {
        "a/run": TreeFile(b"x", "100755"),
        "link": TreeFile(b"a/run", "120000"),
    }


@pytest.mark.parametrize("target", ["../x", "/etc/passwd", "d/../../x", "here/../x", ".git/config"])
def test_a_link_to_outside_is_not_collected(tmp_path: Path, target: str) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "here").symlink_to(".")
    (tmp_path / "link").symlink_to(target)
    with pytest.raises(UnsafeOutput, match="outside"):
        collect_tree(tmp_path, disk_bytes=10, files=10)


@pytest.mark.parametrize("name", [b"b\xff", b".git", b"a/.Git"])
def test_a_bad_name_is_not_collected(tmp_path: Path, name: bytes) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    path.parent.mkdir(exist_ok=True)
    path.write_text("x")
    with pytest.raises(UnsafeOutput, match="its name"):
        collect_tree(tmp_path, disk_bytes=10, files=10)


def test_a_device_is_not_collected(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnsafeOutput, match="neither"):
        collect_tree(tmp_path, disk_bytes=10, files=10)


def test_more_than_allowed_is_not_collected(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / name).write_text("12345")
    with pytest.raises(TooMuchOutput, match="disk"):
        collect_tree(tmp_path, disk_bytes=14, files=3)
    with pytest.raises(TooMuchOutput, match="files"):
        collect_tree(tmp_path, disk_bytes=15, files=2)
