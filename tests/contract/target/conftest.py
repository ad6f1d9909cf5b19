"""The targets that the suite runs on."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.target.process_stage import ProcessStage
from tests.contract.target.stage import Stage
from tests.deadline import wait_until

_TARGETS = {"process": ProcessStage}


@pytest.fixture(scope="session", params=sorted(_TARGETS))
def shared_stage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """One target for all tests; each has workloads of its own names."""
    stage = _TARGETS[request.param](tmp_path_factory.mktemp("target"))
    yield stage
    stage.close()
    wait_until(lambda: not _list_processes(stage.home))


@pytest.fixture
def stage(shared_stage: Stage) -> Iterator[Stage]:
    """The shared target; the test's workloads are deleted after it."""
    target = shared_stage.target
    wanted: list[tuple[str, str]] = []
    apply = target.apply

    def note(spec) -> None:  # type: ignore[no-untyped-def]  # passes on
        wanted.append((spec.environment, spec.component))
        apply(spec)

    target.apply = note  # type: ignore[method-assign]
    yield shared_stage
    target.apply = apply  # type: ignore[method-assign]
    for environment, component in wanted:
        target.delete(environment, component)
    for environment, component in wanted:
        wait_until(lambda e=environment, c=component: target.observe(e, c).phase == "absent")  # type: ignore[misc]


def _list_processes(home: Path) -> list[str]:
    found = []
    for path in itertools.chain(Path("/proc").glob("[0-9]*/cmdline")):
        try:
            command = path.read_bytes()
        except OSError:
            continue
        if str(home).encode() in command:
            found.append(command.decode())
    return found
