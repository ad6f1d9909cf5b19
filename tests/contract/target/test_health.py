"""Probes, restarts, limits and stopping."""

import time
from dataclasses import replace
from pathlib import Path

from fairway.core.workload.workload import Probe, Quantities
from fairway.ports.target import WorkloadSpec
from tests.contract.target import program
from tests.contract.target.stage import (
    HEALTH,
    WEB,
    Stage,
    make_spec,
    read_texts,
    run,
    wait_for_phase,
)
from tests.deadline import wait_until


def _serve(stage: Stage, **container: object) -> WorkloadSpec:
    spec = make_spec(
        stage,
        program.SERVER,
        settings={"livenessPeriodSeconds": 0.1, "readinessPeriodSeconds": 0.1},
        container={"readiness_probe": HEALTH, **container},
    )
    spec = replace(spec, ports=WEB)
    stage.open_route(spec.environment, spec.component)
    run(stage, spec)
    return spec


def _ask(stage: Stage, spec: WorkloadSpec, path: str) -> tuple[int, str]:
    return stage.get(spec.environment, spec.component, path)


def _tell(stage: Stage, spec: WorkloadSpec, path: str) -> None:
    stage.get(spec.environment, spec.component, path, method="POST")


def test_a_crash_after_ready_is_restarted_and_counted(stage: Stage) -> None:
    spec = _serve(stage)
    _tell(stage, spec, "/crash/3")
    wait_until(
        lambda: stage.target.observe(spec.environment, spec.component).instances[0].restarts == 1
    )
    status = wait_for_phase(stage, spec, "ready")
    assert status.instances[0].exit_code == 3
    assert _ask(stage, spec, "/")[0] == 200


def test_an_unready_instance_gets_no_requests_and_is_not_restarted(stage: Stage) -> None:
    spec = _serve(stage)
    _tell(stage, spec, "/unready")
    status = wait_for_phase(stage, spec, "degraded")
    assert "answered 503" in status.reason
    assert status.instances[0].restarts == 0
    wait_until(lambda: _ask(stage, spec, "/")[0] == 503)


def test_a_failing_liveness_probe_restarts(stage: Stage) -> None:
    spec = _serve(stage, liveness_probe=HEALTH)
    _tell(stage, spec, "/unready")
    wait_until(
        lambda: stage.target.observe(spec.environment, spec.component).instances[0].restarts == 1
    )
    wait_for_phase(stage, spec, "ready")


def test_a_slow_start_is_given_its_time(stage: Stage) -> None:
    spec = make_spec(
        stage,
        "import pathlib, time\ntime.sleep(2.5)\npathlib.Path('alive').touch()\ntime.sleep(1000)",
        settings={"livenessPeriodSeconds": 0.05, "readinessPeriodSeconds": 0.1},
        container={
            "liveness_probe": Probe(exec=("test", "-e", "alive")),
            "readiness_probe": Probe(exec=("test", "-e", "alive")),
        },
    )
    assert run(stage, spec).instances[0].restarts == 0


def test_an_exec_probe_runs_where_the_container_does(stage: Stage) -> None:
    script = "test -e main.py && test -e ready && echo $FAIRWAY_COMPONENT"
    probe = Probe(exec=("sh", "-c", script))
    spec = make_spec(
        stage,
        "import pathlib, time\ntime.sleep(0.3)\npathlib.Path('ready').touch()\ntime.sleep(1000)",
        container={"readiness_probe": probe},
    )
    assert run(stage, spec).ready == 1


def test_a_memory_limit_kills_and_is_named(stage: Stage) -> None:
    spec = _serve(stage, limits=Quantities(memory="60Mi"))
    _tell(stage, spec, "/eat/200")
    wait_until(
        lambda: stage.target.observe(spec.environment, spec.component).instances[0].restarts == 1
    )
    status = stage.target.observe(spec.environment, spec.component)
    assert status.instances[0].exit_code == 137


def test_a_rollout_that_runs_out_of_memory_says_so(stage: Stage) -> None:
    limits = Quantities(memory="40Mi")
    spec = make_spec(stage, "x = b'x' * 200_000_000", container={"limits": limits})
    spec = replace(spec, ports=WEB)
    stage.target.apply(spec)
    status = wait_for_phase(stage, spec, "failed")
    assert "out of memory" in status.reason
    assert "40Mi" in status.reason


def test_a_processor_limit_holds(stage: Stage) -> None:
    spec = _serve(stage, limits=Quantities(cpu="200m"))
    _tell(stage, spec, "/spin")
    started = time.monotonic()

    def read_seconds() -> float:
        status = stage.target.observe(spec.environment, spec.component)
        return status.instances[0].cpu_seconds

    before = read_seconds()
    wait_until(lambda: read_seconds() - before > 0.2)
    assert time.monotonic() - started > 0.6


def test_a_program_that_ignores_sigterm_is_killed(stage: Stage) -> None:
    spec = make_spec(stage, program.DEAF, settings={"stopSeconds": 0.3})
    run(stage, spec)
    wait_until(lambda: "deaf" in read_texts(stage, spec))
    started = time.monotonic()
    stage.target.delete(spec.environment, spec.component)
    wait_for_phase(stage, spec, "absent")
    assert 0.3 <= time.monotonic() - started < 3


def test_a_program_that_forks_and_exits_is_named_and_leaves_nothing(stage: Stage) -> None:
    spec = replace(make_spec(stage, program.DAEMON), ports=WEB)
    stage.target.apply(spec)
    status = wait_for_phase(stage, spec, "failed")
    assert "behind: run the service in the foreground" in status.reason
    pids = [text.split()[1] for text in read_texts(stage, spec) if text.startswith("daemon")]
    assert pids
    stage.target.delete(spec.environment, spec.component)
    wait_for_phase(stage, spec, "absent")
    for pid in pids:
        wait_until(lambda pid=pid: not _is_program(pid, "main.py"))  # type: ignore[misc]


def _is_program(pid: str, name: str) -> bool:
    try:
        return name in Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return False


def test_a_program_that_cannot_start_says_why(stage: Stage) -> None:
    spec = make_spec(stage, program.SLEEPER)
    main = replace(spec.containers["main"], command=("nonesuch",))
    spec = replace(spec, containers={"main": main}, ports=WEB)
    stage.target.apply(spec)
    status = wait_for_phase(stage, spec, "failed")
    assert status.reason.startswith("cannot run 'nonesuch': No such file or directory")
