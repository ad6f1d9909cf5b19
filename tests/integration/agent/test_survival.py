"""Killing the agent, shims and callers."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fairway.agent.api.client import ensure_agent
from fairway.agent.machine import storage
from fairway.ports.target import WorkloadSpec
from tests.contract.target import agent_entry, program
from tests.contract.target.process_stage import ProcessStage
from tests.contract.target.stage import (
    HEALTH,
    WEB,
    make_spec,
    read_lines,
    read_texts,
    run,
    wait_for_phase,
)
from tests.deadline import wait_until

pytestmark = pytest.mark.integration
Kill = Callable[[], None]


def _folder(stage: ProcessStage, spec: WorkloadSpec) -> Path:
    place = stage.home / "agent" / "instances" / spec.environment / spec.component
    return next(place.glob(f"{spec.component}-*")) / "main"


def _read_run(stage: ProcessStage, spec: WorkloadSpec) -> dict[str, object]:
    found = storage.read_json(_folder(stage, spec) / "run.json")
    assert found is not None
    return found


def test_a_killed_agent_finds_its_workload_and_loses_no_line(
    own_stage: ProcessStage, kill_agent: Kill
) -> None:
    spec = make_spec(own_stage, program.COUNTER, "60", "0.02")
    run(own_stage, spec)
    before = _read_run(own_stage, spec)
    for _ in range(3):
        kill_agent()
        own_stage.agent.get_health()
    status = wait_for_phase(own_stage, spec, "ready")
    assert _read_run(own_stage, spec) == before
    assert [instance.restarts for instance in status.instances] == [0]
    wait_until(lambda: len(read_texts(own_stage, spec)) == 60)
    assert read_texts(own_stage, spec) == [f"line {number}" for number in range(60)]


def test_following_logs_outlives_the_agent(own_stage: ProcessStage, kill_agent: Kill) -> None:
    spec = make_spec(own_stage, program.COUNTER, "60", "0.02")
    run(own_stage, spec)
    lines = read_lines(own_stage, spec.environment, spec.component, is_following=True)
    texts = [next(lines).text for _ in range(10)]
    kill_agent()
    texts += [next(lines).text for _ in range(50)]
    assert texts == [f"line {number}" for number in range(60)]


def test_an_exit_while_the_agent_was_dead_is_known(
    own_stage: ProcessStage, kill_agent: Kill
) -> None:
    spec = make_spec(own_stage, program.SLEEPER)
    run(own_stage, spec)
    found = _read_run(own_stage, spec)
    kill_agent()
    os.kill(int(str(found["pid"])), signal.SIGSEGV)
    record = _folder(own_stage, spec) / "exit-1.json"
    wait_until(record.exists)
    status = wait_for_phase(own_stage, spec, "ready")
    assert status.instances[0].restarts == 1
    assert status.instances[0].exit_code == 128 + signal.SIGSEGV


def test_a_rollout_goes_on_after_the_agent_was_killed_in_it(
    own_stage: ProcessStage, kill_agent: Kill
) -> None:
    spec = make_spec(own_stage, program.SERVER, container={"readiness_probe": HEALTH}, replicas=2)
    spec = replace(spec, ports=WEB)
    run(own_stage, spec)
    for release in (2, 3):
        spec = replace(spec, release=release, generation=f"g{release}")
        own_stage.target.apply(spec)
        kill_agent()
    status = wait_for_phase(own_stage, spec, "ready")
    assert len(status.instances) == 2
    programs = [
        pid
        for pid in Path("/proc").glob("[0-9]*")
        if (pid / "cwd").is_symlink() and _is_in(pid, own_stage.home)
    ]
    assert len(programs) == 2


def _is_in(process: Path, home: Path) -> bool:
    try:
        return (process / "cwd").readlink().is_relative_to(home)
    except OSError:
        return False


def test_deleting_goes_on_after_the_agent_was_killed_in_it(
    own_stage: ProcessStage, kill_agent: Kill
) -> None:
    spec = make_spec(own_stage, program.DEAF, settings={"stopSeconds": 0.5})
    run(own_stage, spec)
    own_stage.target.delete(spec.environment, spec.component)
    kill_agent()
    wait_for_phase(own_stage, spec, "absent")


def test_a_killed_shim_takes_its_program_along_and_is_replaced(own_stage: ProcessStage) -> None:
    spec = make_spec(own_stage, program.SLEEPER)
    run(own_stage, spec)
    found = _read_run(own_stage, spec)
    os.kill(int(str(found["shim"])), signal.SIGKILL)
    wait_until(lambda: _read_run(own_stage, spec)["attempt"] == 2)
    wait_until(lambda: not Path(f"/proc/{found['pid']}/cwd").exists())
    assert wait_for_phase(own_stage, spec, "ready").instances[0].restarts == 1


def test_shims_need_no_agent_to_stop(own_stage: ProcessStage, kill_agent: Kill) -> None:
    spec = make_spec(own_stage, program.DAEMON.replace("sys.exit(0)", "time.sleep(99)"))
    run(own_stage, spec)
    found = _read_run(own_stage, spec)
    kill_agent()
    os.kill(int(str(found["shim"])), signal.SIGTERM)
    record = _folder(own_stage, spec) / "exit-1.json"
    wait_until(record.exists)
    ended = storage.read_json(record)
    assert ended is not None
    assert ended["is_stopped"] is True


def test_many_callers_start_one_agent(tmp_path: Path) -> None:
    home = tmp_path / "home"
    command = (sys.executable, agent_entry.__file__, str(home))
    pids: list[object] = []
    threads = [
        threading.Thread(
            target=lambda: pids.append(ensure_agent(home, command).get_health()["pid"])
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ensure_agent(home, command).shut_down(is_stopping_workloads=True)
    assert len(pids) == 4
    assert len(set(pids)) == 1


def test_an_agent_may_live_under_a_long_path(tmp_path: Path) -> None:
    home = tmp_path / ("long" * 20) / ("path" * 20)
    client = ensure_agent(home, (sys.executable, agent_entry.__file__, str(home)))
    client.shut_down(is_stopping_workloads=True)


def test_workloads_that_a_shutdown_stopped_come_back(own_stage: ProcessStage) -> None:
    spec = make_spec(own_stage, program.SLEEPER)
    run(own_stage, spec)
    own_stage.agent.shut_down(is_stopping_workloads=True)
    assert not (_folder(own_stage, spec) / "exit-2.json").exists()
    assert wait_for_phase(own_stage, spec, "ready").ready == 1
    assert _read_run(own_stage, spec)["attempt"] == 2
