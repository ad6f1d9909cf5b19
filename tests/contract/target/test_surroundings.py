"""What a program finds: variables, ports, files, volumes."""

from dataclasses import replace

import pytest

from fairway.core.workload.workload import Quantities, ServicePort
from fairway.kits.errors import Refused
from fairway.ports.target import FileSpec, MountSpec, WorkloadSpec
from tests.contract.target import program
from tests.contract.target.stage import HEALTH, WEB, Stage, make_spec, run


def _serve(stage: Stage, **container: object) -> WorkloadSpec:
    spec = make_spec(stage, program.SERVER, container={"readiness_probe": HEALTH, **container})
    ports = {**WEB, "admin-api": ServicePort(port=81, target_port=9090)}
    spec = replace(spec, ports=ports)
    stage.open_route(spec.environment, spec.component)
    run(stage, spec)
    return spec


def _ask(stage: Stage, spec: WorkloadSpec, path: str) -> str:
    return stage.get(spec.environment, spec.component, path)[1]


def test_the_environment_is_explicit(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = _serve(stage, variables={"GREETING": "hällo = $x"})
    assert _ask(stage, spec, "/env/GREETING") == "hällo = $x"
    assert _ask(stage, spec, "/env/FAIRWAY_COMPONENT") == spec.component
    assert _ask(stage, spec, "/env/FAIRWAY_ENVIRONMENT") == "dev"
    assert _ask(stage, spec, "/env/PORT") != _ask(stage, spec, "/env/PORT_ADMIN_API")
    assert _ask(stage, spec, "/env/SSL_CERT_FILE") == "'SSL_CERT_FILE'"


def test_files_have_their_content_and_mode(stage: Stage) -> None:
    spec = _serve(
        stage,
        files={
            "config/app.yaml": FileSpec(content=b"relative: 1", mode="0640"),
            "templates/more.txt": FileSpec(content=b"beside the artifact's"),
            "/etc/orders/config.yaml": FileSpec(content=b"absolute: 1", mode="0600"),
            "/nowhere/yet/binary": FileSpec(content=b"top", mode="0755"),
        },
    )
    assert _ask(stage, spec, "/read/config/app.yaml") == "relative: 1"
    assert _ask(stage, spec, "/mode/config/app.yaml") == "0o640"
    assert _ask(stage, spec, "/read/templates/more.txt") == "beside the artifact's"
    assert _ask(stage, spec, "/read/templates/page.txt") == "from the artifact"
    assert _ask(stage, spec, "/read//etc/orders/config.yaml") == "absolute: 1"
    assert _ask(stage, spec, "/mode//etc/orders/config.yaml") == "0o600"
    assert _ask(stage, spec, "/read//nowhere/yet/binary") == "top"
    assert _ask(stage, spec, "/mode//nowhere/yet/binary") == "0o755"


def test_what_a_program_writes_does_not_reach_the_artifact(stage: Stage) -> None:
    spec = _serve(stage)
    _ask(stage, spec, "/write/scratch.txt/mine")
    assert _ask(stage, spec, "/read/scratch.txt") == "mine"
    other = _serve(stage)
    assert "No such file" in _ask(stage, other, "/read/scratch.txt")


@pytest.mark.parametrize("path", ["data", "/var/lib/orders"])
def test_a_volume_outlives_its_workload(stage: Stage, path: str) -> None:
    source = stage.make_volume("dev", f"files{path.replace('/', '-')}")
    mounts = {path: MountSpec(source=source, sub_path="inner")}
    first = _serve(stage, volumes=mounts)
    _ask(stage, first, f"/write/{path}/note/kept")
    stage.target.delete(first.environment, first.component)
    second = _serve(stage, volumes=mounts)
    assert _ask(stage, second, f"/read/{path}/note") == "kept"


@pytest.mark.parametrize("path", ["data", "/var/lib/orders"])
def test_a_read_only_volume_cannot_be_written(stage: Stage, path: str) -> None:
    source = stage.make_volume("dev", f"fixed{path.replace('/', '-')}")
    spec = _serve(stage, volumes={path: MountSpec(source=source, is_read_only=True)})
    assert "Read-only file system" in _ask(stage, spec, f"/write/{path}/note/no")


def test_what_cannot_run_is_refused_and_changes_nothing(stage: Stage) -> None:
    spec = make_spec(stage, program.SLEEPER)
    main = spec.containers["main"]
    for broken in (
        replace(main, image="postgres:16"),
        replace(main, command=()),
        replace(main, limits=Quantities(memory="lots")),
        replace(main, files={"../outside": FileSpec(content=b"")}),
        replace(main, volumes={"data": MountSpec(source="/nonesuch")}),
        replace(main, before={"nobody": "started"}),
    ):
        with pytest.raises(Refused):
            stage.target.apply(replace(spec, containers={"main": broken}))
    assert stage.target.observe(spec.environment, spec.component).phase == "absent"


def test_a_setting_that_is_no_number_is_refused(stage: Stage) -> None:
    with pytest.raises(Refused, match="stopSeconds"):
        stage.target.apply(make_spec(stage, program.SLEEPER, settings={"stopSeconds": "soon"}))
