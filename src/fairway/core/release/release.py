"""What a build makes, and the immutable triple that is deployed.

Belongs here: values only. Start at `Release`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from fairway.core.workload.workload import Workload
from fairway.kits.canonical import JsonObject
from fairway.kits.digest import Digest

LayerName: TypeAlias = Literal["dependencies", "application"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One archive of an artifact: its digest is that of the archive's bytes, `size` in bytes."""

    name: LayerName
    digest: Digest
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TestReport:
    """What the service's own tests said; `duration_seconds` is their wall time."""

    __test__ = False

    passed: int
    failed: int
    skipped: int
    duration_seconds: float

    @property
    def is_passed(self) -> bool:
        return self.failed == 0 and self.passed > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A bundle known by the digest of its manifest; equal sources give an equal digest.

    `source` is the digest of the source tree. `tests` is None when the build ran none.
    """

    digest: Digest
    component: str
    source: Digest
    layers: tuple[Layer, ...]
    runtime: Mapping[str, str] = field(default_factory=dict)
    tests: TestReport | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """Where a source tree came from; `id` is `-` for a folder outside version control."""

    id: str
    subject: str
    is_dirty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """An immutable triple: artifact, workload, commit. `number` counts within the component.

    `positions` maps a JSON pointer into the workload's document to `file:line:column`.
    """

    component: str
    number: int
    artifact: Artifact
    workload: Workload
    document: JsonObject
    positions: Mapping[str, str] = field(default_factory=dict)
    commit: Commit
    author: str
    created_at: datetime
