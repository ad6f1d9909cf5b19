"""A build that goes wild is ended, named and cleaned up after."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fairway.drivers.jail import program as jail_program
from fairway.kits.errors import Refused
from tests.integration.bundle.conftest import PLAIN, TESTED, Bench

pytestmark = pytest.mark.integration
MIB = 1024**2


@pytest.fixture(autouse=True)
def _prepared(bench: Bench) -> None:
    """Have what the tests install in the cache, so that limits of time mean the test's own code."""
    bench.build(TESTED)


def _refuse(bench: Bench, code: str) -> Refused:
    """Build a service whose only test runs `code`, and return the refusal."""
    text = "import os, sys, time\ndef test_it():\n" + "".join(
        f"    {line}\n" for line in code.splitlines()
    )
    with pytest.raises(Refused) as refused:
        bench.build({**PLAIN, "test_main.py": text})
    assert refused.value.why.startswith("step tests: ")
    assert not bench.scratch
    return refused.value


def _wait_until(is_true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 20
    while not is_true():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def _is_running(mark: str) -> bool:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes()
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if mark.encode() in words and state != "Z":
            return True
    return False


def test_a_build_that_hangs_is_ended(bench: Bench) -> None:
    bench.limits = replace(bench.limits, wall_seconds=4)
    started = time.monotonic()
    refused = _refuse(bench, "time.sleep(600)")
    assert refused.code == "BUILD-TIMEOUT"
    assert "4 s" in refused.why
    assert time.monotonic() - started < 8


def test_a_build_that_burns_cpu_is_ended(bench: Bench) -> None:
    bench.limits = replace(bench.limits, cpu_seconds=3)
    refused = _refuse(bench, "while True: pass")
    assert refused.code == "BUILD-TIMEOUT"
    assert "CPU" in refused.why


def test_a_build_that_eats_memory_is_ended(bench: Bench) -> None:
    bench.limits = replace(bench.limits, memory_bytes=300 * MIB)
    refused = _refuse(bench, "x = [bytearray(10**7) for _ in range(300)]")
    assert refused.code in ("BUILD-MEMORY", "BUILD-TESTS-FAILED")
    assert "memory" in refused.why.lower()


def test_a_build_that_forks_without_end_is_ended(bench: Bench) -> None:
    bench.limits = replace(bench.limits, processes=60)
    refused = _refuse(bench, "try:\n  while True: os.fork()\nexcept OSError: time.sleep(600)")
    assert refused.code == "BUILD-PROCESSES"
    assert "60" in refused.why


def test_a_build_that_fills_the_disk_is_ended(bench: Bench) -> None:
    bench.limits = replace(bench.limits, disk_bytes=100 * MIB)
    code = "for n in range(1000):\n  open(f'f{n}', 'wb').write(bytes(10**7))\n  time.sleep(0.02)"
    assert _refuse(bench, code).code == "BUILD-DISK"


def test_one_huge_file_is_ended_too(bench: Bench) -> None:
    bench.limits = replace(bench.limits, disk_bytes=60 * MIB)
    code = "with open('f', 'wb') as f:\n  while True: f.write(bytes(10**6))"
    assert _refuse(bench, code).code == "BUILD-DISK"


def test_a_daemon_that_a_build_leaves_is_killed(bench: Bench) -> None:
    mark = f"daemon-{os.getpid()}-{time.monotonic_ns()}"
    text = f"""import subprocess, sys
def test_it():
    script = "import os, time\\nif os.fork(): os._exit(0)\\nos.setsid()\\ntime.sleep(600)"
    subprocess.run([sys.executable, "-c", script, "{mark}"], check=True)
"""
    started = time.monotonic()
    assert bench.build({**PLAIN, "test_main.py": text}).tests is not None
    assert time.monotonic() - started < 15
    assert not _is_running(mark)


def test_a_build_can_be_cancelled(bench: Bench) -> None:
    is_over = threading.Event()
    bench.is_cancelled = is_over.is_set
    threading.Timer(3, is_over.set).start()
    started = time.monotonic()
    with pytest.raises(Refused) as refused:
        bench.build({**PLAIN, "test_main.py": "import time\ndef test_it(): time.sleep(600)\n"})
    assert refused.value.code == "BUILD-CANCELLED"
    assert time.monotonic() - started < 8
    assert not bench.scratch


def test_output_comes_while_it_is_made(bench: Bench) -> None:
    seen: list[float] = []
    text = "import time\ndef test_it():\n    print('early', flush=True)\n    time.sleep(1)\n"
    settings = {"pytest.ini": "[pytest]\naddopts = -s\n"}
    take = bench._take

    def watch(step: str, line: str) -> None:
        take(step, line)
        if "early" in line:
            seen.append(time.monotonic())

    bench._take = watch  # type: ignore[method-assign]  # the bench's own log, watched
    bench.build({**PLAIN, **settings, "test_main.py": text})
    assert seen
    assert time.monotonic() - seen[0] > 0.9


@pytest.mark.parametrize("seconds", [0.3, 1.5, 2.5])
def test_a_killed_build_leaves_nothing_visible(bench: Bench, seconds: float) -> None:
    """The process that builds is killed; its children end, and its scratch goes at the next."""
    mark = f"killed-{os.getpid()}-{time.monotonic_ns()}"
    text = f"""import subprocess, sys, time
def test_it():
    subprocess.run([sys.executable, "-c", "import time; time.sleep(600)", "{mark}"])
"""
    code = f"""import sys
sys.path[:0] = {sys.path!r}
from pathlib import Path
from tests.integration.bundle.conftest import Bench
Bench(Path({str(bench.home)!r})).build({ {**PLAIN, "test_main.py": text}!r})
"""
    before = set((bench.home / "blobs").glob("??/*"))
    builder = subprocess.Popen([sys.executable, "-c", code])
    time.sleep(seconds)
    builder.send_signal(signal.SIGKILL)
    builder.wait()
    _wait_until(lambda: not _is_running(mark), "the build's processes end")
    _wait_until(lambda: not _is_running(str(bench.home)), "its tools end")
    made = set((bench.home / "blobs").glob("??/*")) - before
    assert not [path for path in made if path.read_bytes()[:1] == b"{"]
    assert not (bench.home / "bundles").exists()
    bench.build(PLAIN)
    assert not bench.scratch


@pytest.mark.parametrize(
    ("cause", "code"),
    [
        ("memory", "x = [bytearray(10**7) for _ in range(10**6)]"),
        ("processes", "import os, time\nfor _ in range(100): os.fork() or time.sleep(600)"),
        ("cpu", "while True: pass"),
    ],
)
@pytest.mark.parametrize("access", ["ro", "rw"])
def test_limits_hold_without_control_groups(
    tmp_path: Path, access: str, cause: str, code: str
) -> None:
    """In a namespace of its own, where /sys/fs/cgroup takes no folder, or one without meaning."""
    if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs the right to make a mount namespace")
    limits = {
        "memory_bytes": 300 * MIB,
        "cpu_seconds": 2,
        "wall_seconds": 30,
        "processes": 20,
        "disk_bytes": 100 * MIB,
        "folder": str(tmp_path),
    }
    read, write = os.pipe()
    script = f'mount -t tmpfs -o {access} none /sys/fs/cgroup && exec "$@"'
    jail = [sys.executable, "-I", "-S", jail_program.__file__, str(write), json.dumps(limits)]
    command = ["unshare", "-m", "sh", "-c", script, "sh", *jail, sys.executable, "-c", code]
    with subprocess.Popen(command, pass_fds=(write,), stdin=subprocess.PIPE) as running:
        os.close(write)
        assert running.wait(60) == 0
    with os.fdopen(read) as report:
        said = json.load(report)
    assert (said["cause"], said["is_held_by_kernel"]) == (cause, False)
