"""Full disks, taken ports, secrets at rest."""

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fairway.agent.machine import storage
from fairway.kits.errors import Refused, Unavailable
from fairway.ports.target import MountSpec
from tests.contract.target import program
from tests.contract.target.process_stage import ProcessStage
from tests.contract.target.stage import HEALTH, WEB, make_spec, read_texts, run, wait_for_phase
from tests.deadline import wait_until

pytestmark = pytest.mark.integration


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)],
        check=False,
        capture_output=True,
    )
    if done.returncode:
        pytest.skip("needs the right to mount a small file system")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_refuses_a_workload_and_stops_none(small_disk: Path) -> None:
    stage = ProcessStage(small_disk, has_gateway=False)
    try:
        spec = make_spec(stage, program.COUNTER, "100000", "0.001")
        run(stage, spec)
        other = make_spec(stage, program.SLEEPER.replace("asleep", "a" * 2000))
        filler = small_disk / "filler"
        with pytest.raises(OSError, match="No space left"):
            filler.write_bytes(b"x" * 3 * 1024**2)
        with pytest.raises((Unavailable, OSError), match="space"):
            stage.target.apply(other)
        log = next(small_disk.glob("home/agent/instances/dev/*/*/main/output.log"))
        wait_until(lambda: _has_stopped_growing(log))
        lost = read_texts(stage, spec)
        filler.unlink()
        wait_until(lambda: len(read_texts(stage, spec)) > len(lost) + 5)
        after = read_texts(stage, spec)
        assert any("lines lost, no space left on device" in text for text in after)
        status = stage.target.observe(spec.environment, spec.component)
        assert (status.phase, status.instances[0].restarts) == ("ready", 0)
    finally:
        stage.close()


def test_a_port_that_a_stranger_took_is_given_up(
    own_stage: ProcessStage, kill_agent: Callable[[], None]
) -> None:
    spec = make_spec(own_stage, program.SERVER, container={"readiness_probe": HEALTH})
    spec = replace(spec, ports=WEB)
    run(own_stage, spec)
    record = next(own_stage.home.glob("agent/instances/dev/*/*/replica.json"))
    port = int(storage.read_json(record)["ports"]["8080"])  # type: ignore[index]
    own_stage.agent.shut_down(is_stopping_workloads=True)
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind(("127.0.0.1", port))
        stranger.listen()
        wait_for_phase(own_stage, spec, "ready")
    assert storage.read_json(record)["ports"]["8080"] != port  # type: ignore[index]


def test_secrets_rest_sealed_and_reach_no_argument(own_stage: ProcessStage) -> None:
    variables = {"DATABASE_URL": "postgresql://u:hunter2-very-secret@h/d"}
    spec = make_spec(own_stage, program.SLEEPER, container={"variables": variables})
    run(own_stage, spec)
    for path in own_stage.home.rglob("*"):
        if path.is_file() and not path.is_symlink():
            assert b"hunter2-very-secret" not in path.read_bytes(), path
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            assert b"hunter2-very-secret" not in path.read_bytes()
        except OSError:
            continue


def test_a_route_of_another_is_refused(own_stage: ProcessStage) -> None:
    route = {"host": "shop.localhost", "path": "/", "workload": "orders", "port": "www"}
    own_stage.agent.put_route("dev", "a", route)
    own_stage.agent.put_route("dev", "a", route)
    with pytest.raises(Refused, match="belongs to route 'a' of workload 'orders'"):
        own_stage.agent.put_route("prod", "b", route)
    own_stage.agent.delete_route("dev", "a")
    own_stage.agent.put_route("prod", "b", route)


def test_names_cannot_leave_their_folder(own_stage: ProcessStage) -> None:
    for name in ("..", "../x", ".hidden", "a/b", ""):
        with pytest.raises(Refused):
            own_stage.agent.put_volume("dev", name, 1)


def test_a_volume_in_use_is_not_deleted(own_stage: ProcessStage) -> None:
    source = own_stage.make_volume("dev", "files")
    spec = make_spec(own_stage, program.SLEEPER)
    main = replace(spec.containers["main"], volumes={"data": MountSpec(source=source)})
    spec = replace(spec, containers={"main": main})
    run(own_stage, spec)
    with pytest.raises(Refused, match="mounts it"):
        own_stage.agent.delete_volume("dev", "files")
    with pytest.raises(Refused, match="were asked for"):
        own_stage.agent.put_volume("dev", "files", 1)


def _has_stopped_growing(path: Path) -> bool:
    size = path.stat().st_size
    time.sleep(0.3)
    return path.stat().st_size == size
