"""What a suite on the port `Target` needs beside the port: artifacts, and a way to reach them."""

import hashlib
import itertools
import urllib.error
import urllib.request
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol, TypedDict, Unpack

from fairway.core.workload.workload import HttpGet, Probe, ServicePort
from fairway.kits.canonical import JsonValue
from fairway.kits.digest import Digest
from fairway.ports.target import ContainerSpec, LogLine, Target, WorkloadSpec, WorkloadStatus
from tests.deadline import wait_until

HEALTH = Probe(http_get=HttpGet(port=8080, path="/health"))
WEB = {"www": ServicePort(port=80, target_port=8080)}
_numbers = itertools.count(1)


class Artifacts:
    """Unpacked artifacts, made from one program each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, program: str) -> str:
        """Return the digest of an artifact whose `main.py` is `program`."""
        digest = f"sha256:{hashlib.sha256(program.encode()).hexdigest()}"
        app = self.unpack(Digest(digest)) / "app"
        (app / "templates").mkdir(parents=True, exist_ok=True)
        (app / "main.py").write_text(program)
        (app / "templates" / "page.txt").write_text("from the artifact")
        return digest

    def unpack(self, digest: Digest) -> Path:
        """Return the artifact's folder."""
        return self._folder / digest.partition(":")[2]


class Stage(Protocol):
    """A target with artifacts and addresses."""

    target: Target
    artifacts: Artifacts

    @abstractmethod
    def open_route(self, environment: str, component: str) -> None:
        """Make the component's first port reachable by `get`."""

    @abstractmethod
    def get(
        self, environment: str, component: str, path: str, *, method: str = "GET"
    ) -> tuple[int, str]:
        """Return status and text of a request to the component; a POST is sent once only."""

    @abstractmethod
    def make_volume(self, environment: str, name: str) -> str:
        """Return the source of a new volume."""


def make_spec(
    stage: Stage,
    program: str,
    *arguments: str,
    environment: str = "dev",
    replicas: int = 1,
    settings: Mapping[str, JsonValue] | None = None,
    container: Mapping[str, object] | None = None,
) -> WorkloadSpec:
    """Return a workload of its own name that runs `program` in the container `main`."""
    name = f"w{next(_numbers)}"
    main = ContainerSpec(
        image=".",
        command=("python", "main.py", *arguments),
        **(container or {}),  # type: ignore[arg-type]  # the test's own keywords
    )
    return WorkloadSpec(
        environment=environment,
        component=name,
        release=1,
        generation=f"{name}-1",
        artifact=stage.artifacts.add(program),
        replicas=replicas,
        containers={"main": main},
        settings={"stopSeconds": 3, "backoffSeconds": 0.05, **(settings or {})},
    )


def wait_for_phase(
    stage: Stage, spec: WorkloadSpec, *phases: str, seconds: float = 20.0
) -> WorkloadStatus:
    """Return the status as soon as it has one of the phases for the spec's generation."""
    found = stage.target.observe(spec.environment, spec.component)

    def has_come() -> bool:
        nonlocal found
        found = stage.target.observe(spec.environment, spec.component)
        return found.phase in phases and found.generation in (spec.generation, "")

    try:
        wait_until(has_come, seconds=seconds)
    except AssertionError:
        raise AssertionError(f"not {phases}: {found}") from None
    return found


def run(stage: Stage, spec: WorkloadSpec) -> WorkloadStatus:
    """Apply the spec and wait until it is ready."""
    stage.target.apply(spec)
    return wait_for_phase(stage, spec, "ready")


class LogQuery(TypedDict, total=False):
    """What `Target.read_logs` may be asked for."""

    is_following: bool
    tail: int
    release: int
    after: str


def read_lines(
    stage: Stage, environment: str, component: str, **query: Unpack[LogQuery]
) -> Iterator[LogLine]:
    """Yield the lines of a log, without the signs of life between them."""
    for line in stage.target.read_logs(environment, component, **query):
        if line is not None:
            yield line


def read_texts(stage: Stage, spec: WorkloadSpec) -> list[str]:
    """Return the text of all lines."""
    return [line.text for line in read_lines(stage, spec.environment, spec.component)]


def fetch(url: str, host: str, method: str) -> tuple[int, str]:
    """Return status and text of a request with a Host header."""
    request = urllib.request.Request(url, headers={"Host": host}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status), answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
