"""What exists: the platform's record of a node after its last step.

Belongs here: values. Never here: asking a driver (`fairway.ports`). A resource is one row however
many workloads use it; its secrets are sealed and never in clear.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NewType

from fairway.core.definition.definition import DeleteAction
from fairway.kits.canonical import JsonObject
from fairway.kits.digest import Digest

NodeId = NewType("NodeId", str)
NodeKind = Literal["resource", "workload"]
# present: as its last step left it. missing, drifted: a driver saw otherwise. unknown: a step was
# cut off, or the driver could not be asked.
NodeState = Literal["present", "missing", "drifted", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedValue:
    """A secret at rest: `sealed` can be opened with the platform's key only.

    `fingerprint` is equal for equal secrets under one key, so that a change can be seen without
    opening either.
    """

    sealed: str
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveNode:
    """A resource (`postgres.default#orders.db`) or a workload (`workload/orders`) that exists.

    `spec` is what it was last made from, secrets replaced by their fingerprints, and
    `spec_digest` its digest. `outputs` holds plain values, `secrets` the sealed ones.
    `component` is the one that asked first. `holder` is the key
    of the step that works on the node now, empty when none does.
    `revision` grows with every change of this record.
    """

    environment: str
    id: NodeId
    kind: NodeKind
    type: str
    component: str = ""
    driver: str
    provisioner: str
    provisioner_revision: int
    spec: JsonObject
    spec_digest: Digest
    outputs: JsonObject = field(default_factory=dict)
    secrets: Mapping[str, SealedValue] = field(default_factory=dict)
    consumers: frozenset[str] = frozenset()
    needs: tuple[NodeId, ...] = ()
    on_delete: DeleteAction = "delete"
    state: NodeState = "present"
    holder: str = ""
    revision: int = 0
