"""What every provisioner of the port `fairway.ports.provisioner` must do."""

import multiprocessing
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from multiprocessing.connection import Connection

import jsonschema_rs
import pytest

from fairway.kits.errors import Refused
from fairway.ports.provisioner import Provisioner, ResourceSpec, Rotating
from tests.contract.provisioner.subject import Subject, ignore, make_spec, with_outputs

pytestmark = pytest.mark.integration


def test_the_inputs_of_the_suite_fit_the_schema(subject: Subject) -> None:
    schema = dict(subject.open().get_inputs_schema())
    jsonschema_rs.meta.validate(schema)
    jsonschema_rs.validate(schema, dict(subject.inputs))


def test_what_was_never_made_is_missing(subject: Subject) -> None:
    provisioner, spec = subject.open(), make_spec(subject)
    before = subject.list_things()
    assert provisioner.observe(spec).state == "missing"
    assert provisioner.preview_delete(spec) is None
    provisioner.delete(spec, "delete", ignore)
    assert subject.list_things() == before


def test_a_made_resource_can_be_used_and_is_present(subject: Subject) -> None:
    lines: list[str] = []
    spec = make_spec(subject)
    outputs = subject.open().apply(spec, lines.append)
    assert lines
    assert subject.can_use(outputs)
    assert subject.open().observe(with_outputs(spec, outputs)).state == "present"


def test_applying_twice_changes_nothing(subject: Subject) -> None:
    spec = make_spec(subject)
    outputs = subject.open().apply(spec, ignore)
    things = subject.list_things()
    again = replace(with_outputs(spec, outputs), key="a later deploy")
    assert subject.open().apply(again, ignore) == outputs
    assert subject.list_things() == things
    assert subject.can_use(outputs)


def test_a_retry_that_never_saw_the_outputs_succeeds(subject: Subject) -> None:
    spec = make_spec(subject)
    subject.open().apply(spec, ignore)
    things = subject.list_things()
    outputs = subject.open().apply(spec, ignore)
    assert subject.list_things() == things
    assert subject.can_use(outputs)


def test_every_drift_is_told_and_repaired(subject: Subject) -> None:
    provisioner, spec = subject.open(), make_spec(subject)
    outputs = provisioner.apply(spec, ignore)
    applied = with_outputs(spec, outputs)
    for difference, damage in subject.list_damages(outputs).items():
        damage()
        observation = provisioner.observe(applied)
        assert observation.state == "drifted", difference
        assert difference in observation.differences
        assert provisioner.apply(applied, ignore) == outputs
        assert provisioner.observe(applied).state == "present", difference
        assert subject.can_use(outputs)


def test_a_deleted_resource_leaves_nothing(subject: Subject) -> None:
    provisioner, spec = subject.open(), make_spec(subject)
    before = subject.list_things()
    outputs = provisioner.apply(spec, ignore)
    applied = with_outputs(spec, outputs)
    assert subject.list_things() != before
    provisioner.delete(applied, "delete", ignore)
    assert subject.list_things() == before
    assert provisioner.observe(applied).state == "missing"
    provisioner.delete(applied, "delete", ignore)


def test_what_deleting_would_lose_is_told(subject: Subject) -> None:
    provisioner, spec = subject.open(), make_spec(subject)
    outputs = provisioner.apply(spec, ignore)
    assert provisioner.preview_delete(with_outputs(spec, outputs)) is None
    subject.write(outputs)
    loss = provisioner.preview_delete(with_outputs(spec, outputs))
    assert loss
    assert loss.size_bytes > 0
    assert "1 " in loss.summary


def test_keeping_removes_access_and_a_later_apply_finds_the_data(subject: Subject) -> None:
    provisioner, spec = subject.open(), make_spec(subject)
    outputs = provisioner.apply(spec, ignore)
    subject.write(outputs)
    provisioner.delete(with_outputs(spec, outputs), "keep", ignore)
    assert not subject.can_use(outputs)
    assert subject.has_written(provisioner.apply(spec, ignore))


def test_a_snapshot_is_written_before_the_end(subject: Subject) -> None:
    provisioner, spec = subject.open(), make_spec(subject)
    before = subject.list_things()
    outputs = provisioner.apply(spec, ignore)
    subject.write(outputs)
    lines: list[str] = []
    provisioner.delete(with_outputs(spec, outputs), "snapshot", lines.append)
    assert any(line.startswith("backup /") for line in lines)
    assert subject.list_things() == before


def test_what_is_somebody_elses_is_never_touched(subject: Subject) -> None:
    provisioner, spec = subject.open(), make_spec(subject)
    outputs = provisioner.apply(spec, ignore)
    provisioner.delete(with_outputs(spec, outputs), "delete", ignore)
    subject.make_foreign(outputs)
    things = subject.list_things()
    calls: list[Callable[[], object]] = [
        lambda: provisioner.apply(spec, ignore),
        lambda: provisioner.observe(spec),
        lambda: provisioner.preview_delete(spec),
        lambda: provisioner.delete(spec, "delete", ignore),
    ]
    for call in calls:
        with pytest.raises(Refused, match="was not made for") as caught:
            call()
        assert caught.value.code.endswith("-FOREIGN")
        assert spec.id in caught.value.what
    assert subject.list_things() == things
    subject.remove_foreign(outputs)


def test_two_environments_do_not_share(subject: Subject) -> None:
    provisioner = subject.open()
    first, second = (provisioner.apply(make_spec(subject), ignore) for _ in range(2))
    subject.write(first)
    assert not subject.has_written(second)
    stolen = str(second["url"]).replace(str(second["username"]), str(first["username"]), 1)
    assert not subject.can_use({**second, "username": first["username"], "url": stolen})


def test_rotation_ends_the_old_password(subject: Subject) -> None:
    provisioner, spec = subject.open(), make_spec(subject)
    if not isinstance(provisioner, Rotating):
        pytest.skip("the driver has no credentials")
    old = provisioner.apply(spec, ignore)
    subject.write(old)
    new = provisioner.rotate(with_outputs(spec, old), ignore)
    assert not subject.can_use(old)
    assert subject.can_use(new)
    assert subject.has_written(new)
    assert provisioner.observe(with_outputs(spec, new)).state == "present"
    assert {key for key in old if old[key] != new[key]} == {"password", "url"}


def test_different_resources_are_made_at_once(subject: Subject) -> None:
    specs = [make_spec(subject, name=f"n{number}") for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        outputs = list(pool.map(lambda spec: subject.open().apply(spec, ignore), specs))
    assert len({str(output["username"]) for output in outputs}) == 4
    assert all(subject.can_use(output) for output in outputs)


def test_a_kill_at_any_instant_leaves_one_of_everything(subject: Subject) -> None:
    before = subject.list_things()
    spec = make_spec(subject)
    seconds = _measure(lambda: subject.open().apply(spec, ignore))
    usual = len(subject.list_things()) - len(before)
    chance = random.Random(7)
    for _ in range(8):
        spec = make_spec(subject)
        _run_and_kill(_apply, subject, spec, chance.uniform(0, seconds))
        outputs = subject.open().apply(spec, ignore)
        found = [thing for thing in subject.list_things() if f"_{spec.environment}_" in thing]
        assert len(found) == usual
        assert subject.can_use(outputs)
        assert subject.open().observe(with_outputs(spec, outputs)).state == "present"


def test_a_kill_while_deleting_is_made_good_by_a_retry(subject: Subject) -> None:
    before = subject.list_things()
    spec = make_spec(subject)
    subject.open().apply(spec, ignore)
    seconds = _measure(lambda: subject.open().delete(spec, "delete", ignore))
    chance = random.Random(7)
    for _ in range(4):
        spec = make_spec(subject)
        applied = with_outputs(spec, subject.open().apply(spec, ignore))
        _run_and_kill(_delete, subject, applied, chance.uniform(0, seconds))
        subject.open().delete(applied, "delete", ignore)
        assert subject.list_things() == before


def _measure(call: Callable[[], object]) -> float:
    started = time.monotonic()
    call()
    return time.monotonic() - started


def _run_and_kill(
    work: Callable[[Connection, Callable[[], Provisioner], ResourceSpec], None],
    subject: Subject,
    spec: ResourceSpec,
    seconds: float,
) -> None:
    """Run `work` in a process of its own and kill it so long after it began."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    child = context.Process(target=work, args=(there, subject.open, spec))
    child.start()
    assert here.poll(30)
    # The instant of the kill is the point here, and no condition is waited for.
    time.sleep(seconds)
    child.kill()
    child.join()
    child.close()
    here.close()
    there.close()


def _apply(started: Connection, make: Callable[[], Provisioner], spec: ResourceSpec) -> None:
    provisioner = make()
    started.send("begin")
    provisioner.apply(spec, ignore)


def _delete(started: Connection, make: Callable[[], Provisioner], spec: ResourceSpec) -> None:
    provisioner = make()
    started.send("begin")
    provisioner.delete(spec, "delete", ignore)
