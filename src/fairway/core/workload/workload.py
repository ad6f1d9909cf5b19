"""The types of a workload, after Score's specification `score.dev/v1b1`.

Belongs here: values only, each named as Score names it. Never here: parsing (`fairway.formats`).
Mappings keep the order of the document. Start at `Workload`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from fairway.kits.canonical import JsonObject

Readiness = Literal["started", "healthy", "complete"]
DEFAULT_CLASS = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpGet:
    """A probe that succeeds when the answer's status is from 200 to 399."""

    port: int
    path: str
    host: str | None = None
    scheme: Literal["HTTP", "HTTPS"] = "HTTP"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """How to ask a container for its health; where both are given, `exec` is preferred."""

    http_get: HttpGet | None = None
    exec: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file put into a container; exactly one of the three contents is given."""

    content: str | None = None
    source: str | None = None
    binary_content: str | None = None
    mode: str | None = None
    no_expand: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeMount:
    """A volume put into a container; `source` is a template that names a resource."""

    source: str
    path: str | None = None
    read_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantities:
    """Amounts as Score writes them: `memory` such as `128Mi`, `cpu` such as `250m`."""

    memory: str | None = None
    cpu: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One process of a workload.

    `before` maps the name of another container to what this one must have reached before that
    other may start: `A.before.B.ready = complete` means that B waits for A.
    """

    image: str
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, File] = field(default_factory=dict)
    volumes: Mapping[str, VolumeMount] = field(default_factory=dict)
    before: Mapping[str, Readiness] = field(default_factory=dict)
    limits: Quantities = Quantities()
    requests: Quantities = Quantities()
    liveness_probe: Probe | None = None
    readiness_probe: Probe | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePort:
    """A port that the workload's service offers, and the port its container listens on."""

    port: int
    target_port: int
    protocol: Literal["TCP", "UDP"] = "TCP"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceRequest:
    """Something that a workload asks for by type.

    Two requests with equal type, class and `id` are one shared resource; without an `id` the
    resource belongs to its workload alone.
    """

    type: str
    class_: str = DEFAULT_CLASS
    id: str | None = None
    params: JsonObject = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A Score document.

    `metadata` is the whole open metadata object, `name` and `annotations` among it: placeholders
    may read any of it.
    """

    name: str
    containers: Mapping[str, Container]
    metadata: JsonObject = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    ports: Mapping[str, ServicePort] = field(default_factory=dict)
    resources: Mapping[str, ResourceRequest] = field(default_factory=dict)
