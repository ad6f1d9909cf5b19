"""Creating, changing, scaling and deleting workloads."""

import threading
from dataclasses import replace

from fairway.ports.target import ContainerSpec, WorkloadSpec
from tests.contract.target import program
from tests.contract.target.stage import (
    HEALTH,
    WEB,
    Stage,
    make_spec,
    read_lines,
    read_texts,
    run,
    wait_for_phase,
)
from tests.deadline import wait_until


def _web(stage: Stage, *, replicas: int = 1, environment: str = "dev") -> WorkloadSpec:
    spec = make_spec(
        stage,
        program.SERVER,
        replicas=replicas,
        environment=environment,
        container={"readiness_probe": HEALTH},
    )
    return replace(spec, ports=WEB)


def _next(spec: WorkloadSpec, **changes: object) -> WorkloadSpec:
    release = spec.release + 1
    generation = f"{spec.component}-{release}"
    return replace(spec, release=release, generation=generation, **changes)  # type: ignore[arg-type]


def test_a_workload_becomes_ready(stage: Stage) -> None:
    status = run(stage, _web(stage, replicas=2))
    assert (status.ready, status.desired) == (2, 2)
    assert {instance.phase for instance in status.instances} == {"running"}
    assert all(instance.memory_bytes > 0 for instance in status.instances)


def test_applying_the_same_again_changes_nothing(stage: Stage) -> None:
    spec = _web(stage)
    before = run(stage, spec)
    stage.target.apply(spec)
    after = stage.target.observe(spec.environment, spec.component)
    assert after.phase == "ready"
    assert [i.started_at for i in after.instances] == [i.started_at for i in before.instances]


def test_what_was_never_applied_is_absent(stage: Stage) -> None:
    assert stage.target.observe("dev", "nothing").phase == "absent"
    stage.target.delete("dev", "nothing")


def test_scaling_keeps_the_instances_that_run(stage: Stage) -> None:
    spec = _web(stage)
    first = run(stage, spec).instances[0]
    grown = run(stage, replace(spec, replicas=3))
    assert grown.ready == 3
    assert first.started_at in {instance.started_at for instance in grown.instances}
    shrunk = run(stage, replace(spec, replicas=1))
    assert [instance.started_at for instance in shrunk.instances] == [first.started_at]
    assert run(stage, replace(spec, replicas=0)).instances == ()


def test_a_change_replaces_all_instances(stage: Stage) -> None:
    spec = _web(stage, replicas=2)
    old = {instance.name for instance in run(stage, spec).instances}
    status = run(stage, _next(spec))
    assert status.release == 2
    assert old.isdisjoint(instance.name for instance in status.instances)


def test_a_rollout_fails_no_request(stage: Stage) -> None:
    spec = _web(stage, replicas=2)
    stage.open_route(spec.environment, spec.component)
    run(stage, spec)
    answers: list[tuple[int, str]] = []
    is_done = threading.Event()

    def load() -> None:
        while not is_done.is_set():
            try:
                answers.append(stage.get(spec.environment, spec.component, "/"))
            except OSError as error:
                answers.append((0, repr(error)))

    threads = [threading.Thread(target=load) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        run(stage, _next(spec))
        run(stage, replace(spec, release=3, generation="third"))
        wait_until(lambda: answers[-1][1].endswith(" 3"))
    finally:
        is_done.set()
        for thread in threads:
            thread.join()
    assert {status for status, _ in answers} == {200}, set(answers)
    assert {text.split()[-1] for _, text in answers} == {"1", "2", "3"}


def test_a_failed_rollout_leaves_the_old_instances_serving(stage: Stage) -> None:
    spec = _web(stage)
    stage.open_route(spec.environment, spec.component)
    old = run(stage, spec).instances[0]
    broken = _next(spec, artifact=stage.artifacts.add(program.CRASHER))
    stage.target.apply(broken)
    status = wait_for_phase(stage, broken, "failed")
    assert status.ready == 0
    assert status.reason.startswith("exit 1 after 0.")
    assert status.reason.endswith(" times)")
    assert status.last_lines[-1] == "relation order_lines does not exist"
    assert stage.get(spec.environment, spec.component, "/") == (200, f"{old.name} 1")
    again = run(stage, spec)
    assert [(i.name, i.started_at) for i in again.instances] == [(old.name, old.started_at)]
    lines = read_lines(stage, spec.environment, spec.component, release=2)
    assert "about to fail" in {line.text for line in lines}


def test_a_service_that_never_becomes_ready_fails_at_the_deadline(stage: Stage) -> None:
    spec = make_spec(
        stage,
        program.SLEEPER,
        settings={"progressDeadlineSeconds": 0.5},
        container={"readiness_probe": HEALTH},
    )
    stage.target.apply(replace(spec, ports=WEB))
    status = wait_for_phase(stage, spec, "failed")
    assert status.reason.startswith("not ready after 0.5 s: readiness probe failed: GET http")
    assert "connection refused" in status.reason
    assert status.last_lines == ("asleep",)


def test_a_worker_without_a_port_that_crashes_fails_its_rollout(stage: Stage) -> None:
    spec = make_spec(stage, program.CRASHER)
    stage.target.apply(spec)
    assert wait_for_phase(stage, spec, "failed").reason.startswith("exit 1 after 0.")


def test_deleting_stops_everything(stage: Stage) -> None:
    spec = _web(stage, replicas=2)
    run(stage, spec)
    stage.target.delete(spec.environment, spec.component)
    wait_for_phase(stage, spec, "absent")
    assert read_texts(stage, spec) == []


def test_a_deleted_workload_can_come_back(stage: Stage) -> None:
    spec = _web(stage)
    run(stage, spec)
    stage.target.delete(spec.environment, spec.component)
    assert run(stage, spec).ready == 1


def test_environments_do_not_interfere(stage: Stage) -> None:
    dev = _web(stage)
    prod = replace(dev, environment="prod", release=7)
    for spec in (dev, prod):
        stage.open_route(spec.environment, spec.component)
        run(stage, spec)
    assert stage.get("dev", dev.component, "/")[1].endswith(" 1")
    assert stage.get("prod", dev.component, "/")[1].endswith(" 7")
    stage.target.delete("dev", dev.component)
    wait_for_phase(stage, dev, "absent")
    assert stage.get("prod", dev.component, "/")[0] == 200


def test_containers_wait_for_those_before_them(stage: Stage) -> None:
    folder = stage.make_volume("dev", "before")
    spec = make_spec(stage, program.SERVER, container={"readiness_probe": HEALTH})
    migrate = ContainerSpec(
        image=".",
        command=("python", "-c", program.JOB, f"{folder}/migrated"),
        before={"main": "complete"},
    )
    main = replace(
        spec.containers["main"],
        command=("sh", "-c", f"cat {folder}/migrated && exec python main.py"),
        before={"side": "healthy"},
    )
    side = ContainerSpec(image=".", command=("python", "-c", program.SLEEPER))
    containers = {"side": side, "main": main, "migrate": migrate}
    spec = replace(spec, ports=WEB, containers=containers)
    run(stage, spec)
    wait_until(lambda: "asleep" in read_texts(stage, spec))
    lines = list(read_lines(stage, spec.environment, spec.component))
    seen = [line.container for line in lines]
    assert seen.index("main") < seen.index("side")
    assert lines[seen.index("main")].text.startswith("done")
