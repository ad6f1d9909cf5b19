"""Plan 1, 100 and 1000 workloads: at first, again, and after a change of one of them.

Each has a database, a name and a route, and refers to all three. A plan is made from Score
documents in memory: read, matched, ordered, compared with what is live, rendered to its bytes.
"""

import dataclasses
import gc
from collections.abc import Mapping
from dataclasses import dataclass, field

import yaml

from benchmarks import measure
from fairway.core.definition import make as definition_make
from fairway.core.definition.definition import Definitions
from fairway.core.graph.live import LiveNode, NodeId
from fairway.core.graph.make import Fragments, Member, make_graph
from fairway.core.plan import plan as plans
from fairway.core.plan.make import Memo, make_plan
from fairway.core.plan.plan import Plan
from fairway.core.plan.scope import Scope
from fairway.formats.builtin_platform import get_builtin_entities
from fairway.formats.score import parse_workload
from fairway.formats.yaml import parse_documents
from fairway.kits import canonical
from tests import worlds

SCORE = """apiVersion: score.dev/v1b1
metadata: {{name: {name}}}
containers:
  main:
    image: .
    command: [python, -m, service]
    variables:
      DATABASE_URL: ${{resources.db.url}}
      BASE_URL: https://${{resources.name.host}}/{revision}
      GREETING: Hello from ${{metadata.name}}
    readinessProbe:
      httpGet: {{path: /ready, port: 8080}}
    resources:
      limits: {{memory: 256Mi}}
service:
  ports:
    www: {{port: 80, targetPort: 8080}}
resources:
  db: {{type: postgres}}
  name: {{type: dns}}
  www:
    type: route
    params: {{port: 80, host: "${{resources.name.host}}"}}
"""
REPEAT = {1: 50, 100: 9, 1000: 5}


@dataclass(slots=True)
class World:
    """The documents of some workloads, what was made of them, and what is live."""

    definitions: Definitions
    documents: list[bytes]
    members: list[Member] = field(default_factory=list)
    live: Mapping[NodeId, LiveNode] = field(default_factory=dict)
    fragments: Fragments = field(default_factory=dict)
    memo: Memo = field(default_factory=Memo)
    changes: int = 1

    def plan_first(self) -> Plan:
        """Read and plan everything, with nothing known from before."""
        self.fragments, self.memo = {}, Memo()
        self.members = [self._read(index, 1) for index in range(len(self.documents))]
        return self._plan()

    def plan_again(self) -> Plan:
        """Plan what did not change."""
        return self._plan()

    def plan_change(self) -> Plan:
        """Read one workload that changed, and plan everything."""
        self.changes += 1
        index = self.changes * 7 % len(self.documents)
        self.documents[index] = make_score(index, self.changes)
        self.members[index] = self._read(index, self.changes)
        return self._plan()

    def read_naively(self) -> list[bytes]:
        """Do the least that a tool does that starts from all files each time."""
        return [
            canonical.render_canonical(yaml.load(text, yaml.CSafeLoader)) for text in self.documents
        ]

    def apply(self, plan: Plan) -> None:
        """Make real what was planned."""
        self.live = worlds.apply_plan(plan, self.live)

    def _read(self, index: int, number: int) -> Member:
        (document,) = parse_documents(self.documents[index], file="score.yaml")
        workload = parse_workload(document)
        release = worlds.make_release(workload.name, number)
        return Member(release=dataclasses.replace(release, workload=workload))

    def _plan(self) -> Plan:
        graph = make_graph("dev", self.members, self.definitions, fragments=self.fragments)
        plan = make_plan(graph, self.live, Scope(), traits={}, memo=self.memo)
        plans.render_plan(plan)
        return plan


def make_world(count: int) -> World:
    """Return a world of `count` workloads on the built-in platform, with nothing live."""
    definitions = definition_make.make_definitions(
        (entity, 1) for entity in get_builtin_entities().values()
    )
    return World(definitions, [make_score(index, 1) for index in range(count)])


def make_score(index: int, revision: int) -> bytes:
    """Return the Score document of one workload."""
    return SCORE.format(name=f"service-{index:04}", revision=revision).encode()


def run(count: int) -> None:
    """Print the figures for `count` workloads."""
    world = make_world(count)
    first = measure.compare(
        {"first": world.plan_first, "naive": world.read_naively}, repeat=REPEAT[count]
    )
    world.apply(world.plan_first())
    later = measure.compare(
        {"again": world.plan_again, "change": world.plan_change}, repeat=REPEAT[count] * 3
    )
    naive = ("reading all YAML again", first["naive"].cpu_seconds * 1000)
    plural = "s" if count > 1 else ""
    measure.show_title(f"{count} workload{plural}, {count * 4} nodes")
    measure.show("first plan", first["first"].cpu_seconds * 1000, "CPU-ms", peer=naive)
    measure.show("the same plan again", later["again"].cpu_seconds * 1000, "CPU-ms", peer=naive)
    measure.show("one changed", later["change"].cpu_seconds * 1000, "CPU-ms", peer=naive)
    peak = measure.measure_peak_bytes(plan_once, count) / 2**20
    documents = len(b"".join(world.documents)) / 2**20
    measure.show("memory of the first plan", peak, "MiB", peer=("the documents", documents))


def plan_once(count: int) -> int:
    """Plan once; return the size of the process before."""
    world = make_world(count)
    make_world(1).plan_first()
    before = measure.read_process("self")
    world.plan_first()
    return before


def main() -> None:
    gc.freeze()
    for count in REPEAT:
        run(count)
    print(
        "\n  Measured elsewhere, on another machine: score-k8s with 1000 such workloads took"
        "\n  45 CPU-s at first, 35 CPU-s after one change."
    )


if __name__ == "__main__":
    main()
