"""Running workloads.

Belongs here: the contract of a place that runs workloads, and the values that cross it.
"""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from fairway.core.workload.workload import Probe, Quantities, Readiness, ServicePort
from fairway.kits.canonical import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSpec:
    """A file with its final bytes; `mode` is an octal string such as `0644`."""

    content: bytes
    mode: str = "0644"


@dataclass(frozen=True, slots=True, kw_only=True)
class MountSpec:
    """A volume resource's `source` output put at the mount's path."""

    source: str
    sub_path: str | None = None
    is_read_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerSpec:
    """A container with all references filled; values may be secret: never log one."""

    image: str
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, FileSpec] = field(default_factory=dict)
    volumes: Mapping[str, MountSpec] = field(default_factory=dict)
    before: Mapping[str, Readiness] = field(default_factory=dict)
    limits: Quantities = Quantities()
    liveness_probe: Probe | None = None
    readiness_probe: Probe | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadSpec:
    """A workload to run.

    `generation` is a digest of all that makes two rollouts differ; `release` is for people.
    `image` `.` in a container means the artifact whose unpacked tree the target gets as
    `artifact` (its digest). `settings` are the environment's (`stopSeconds`,
    `progressDeadlineSeconds`, …).
    """

    environment: str
    component: str
    release: int
    generation: str
    artifact: str
    replicas: int
    containers: Mapping[str, ContainerSpec]
    ports: Mapping[str, ServicePort] = field(default_factory=dict)
    settings: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceStatus:
    """One replica, for people and for the gate."""

    name: str
    generation: str
    release: int
    is_ready: bool
    phase: Literal["starting", "running", "backoff", "stopping", "exited"]
    restarts: int = 0
    exit_code: int | None = None
    reason: str = ""
    started_at: datetime | None = None
    memory_bytes: int = 0
    cpu_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadStatus:
    """What runs now.

    `phase` is `progressing` until every replica of `generation` is ready and no other is left
    (`ready`), or it is sure that this will not happen (`failed`: crashed too often, or past the
    progress deadline; `reason` and `last_lines` say why). While `progressing` or `failed`, the
    replicas of the generation before go on serving.
    """

    generation: str
    release: int
    phase: Literal["absent", "progressing", "ready", "degraded", "failed"]
    desired: int
    ready: int
    instances: tuple[InstanceStatus, ...] = ()
    reason: str = ""
    last_lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """A line of output; `cursor` resumes after it."""

    at: datetime
    instance: str
    container: str
    stream: Literal["stdout", "stderr"]
    text: str
    cursor: str


class Target(Protocol):
    """Runs workloads; level-triggered and idempotent.

    `apply` only sets what is wanted and returns; `observe` tells how far it is. Killing the
    caller at any instant changes nothing that runs.
    """

    @abstractmethod
    def get_config_schema(self) -> JsonObject:
        """Return the JSON Schema of a target's `config`."""

    @abstractmethod
    def apply(self, spec: WorkloadSpec) -> None:
        """Want `spec`; the same again is a no-op.

        A change rolls: new replicas become ready and take the traffic before old ones are
        drained and stopped.

        Raises:
            Refused: the target cannot run `spec`, and nothing was changed.
            Unavailable: the target cannot be reached now.
        """

    @abstractmethod
    def observe(self, environment: str, component: str) -> WorkloadStatus:
        """Return what runs; `absent` when nothing does."""

    @abstractmethod
    def delete(self, environment: str, component: str) -> None:
        """Want nothing: replicas are drained and stopped; absent already is success."""

    @abstractmethod
    def read_logs(
        self,
        environment: str,
        component: str,
        *,
        is_following: bool = False,
        tail: int | None = None,
        release: int | None = None,
        after: str | None = None,
    ) -> Iterator[LogLine | None]:
        """Yield lines in order, from the last `tail` or after cursor `after`.

        Following waits for more, and yields None every few seconds without a line, so that
        whoever reads can stop.
        """
