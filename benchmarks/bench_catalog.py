"""The catalog over HTTP: ingest until visible, then reads, with 5,000 and 100,000 entities.

Ingest is beside bare inserts of the same documents into SQLite, reads are beside `healthz`,
which is what any request costs. Reads come in turns, each kind after the other, on one kept-alive
connection.
"""

import http.client
import itertools
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import measure
from tests.running import RunningPlatform, start_platform

SIZES = (5_000, 100_000)
BATCH = 1000
READS = 150
WARM_READS = 10
TEAMS, SYSTEMS = 40, 200
READ_PATHS = {
    "healthz": "/healthz",
    "list of 20 with count": "/entities?kind=component&limit=20",
    "list, filtered by owner": "/entities?filter=spec.owner=group:default/team-7",
    "facets of kind, type, owner, tags": "/entity-facets?facet=kind&facet=spec.type"
    "&facet=relations.ownedBy&facet=metadata.tags",
    "one by name": "/entities/component/default/payments-service-2016",
    "text search": "/entities?text=payments%202016",
}
ENTITY = """apiVersion: backstage.io/v1alpha1
kind: {kind}
metadata:
  name: {name}
  title: {title}
  description: {title} keeps the {area} of the shop in order, since revision {index}.
  labels:
    example.com/tier: tier-{tier}
    example.com/region: eu-{tier}
  annotations:
    github.com/project-slug: example/{name}
    backstage.io/techdocs-ref: dir:.
    pagerduty.com/service-id: P{index:06}
  tags: [{language}, {area}]
  links:
    - url: https://dashboards.example.com/d/{name}
      title: Dashboard
      icon: dashboard
spec:
  type: {type}
  lifecycle: {lifecycle}
  owner: team-{team}
  system: system-{system}
"""
RELATIONS = """  dependsOn: [resource:orders-database-{other}]
  providesApis: [{name}-api]
"""
API = """  definition: |
    openapi: 3.1.0
    info: {{title: {title}, version: 1.0.0}}
    paths: {{}}
"""
AREAS = ("payments", "orders", "search", "stock", "shipping", "identity", "catalog", "mail")
LANGUAGES = ("python", "java", "go", "typescript")
KINDS = (
    ("Component", "service"),
    ("Component", "website"),
    ("API", "openapi"),
    ("Component", "library"),
    ("Resource", "database"),
)


def make_entity(index: int) -> str:
    """Return the document of one entity; like in a real catalog, most are components."""
    kind, type_ = KINDS[index % len(KINDS)] if index % 8 else KINDS[0]
    area = AREAS[index // 8 % len(AREAS)] if index % 3 else AREAS[0]
    name = f"{area}-{type_}-{index}"
    values: Mapping[str, object] = {
        "kind": kind,
        "type": type_,
        "name": name,
        "title": f"{area.title()} {type_} {index}",
        "area": area,
        "index": index,
        "language": LANGUAGES[index % len(LANGUAGES)],
        "lifecycle": "production" if index % 3 else "experimental",
        "team": index % TEAMS,
        "system": index % SYSTEMS,
        "tier": index % 3,
        "other": index // 5 * 5 + 4,
    }
    extra = {"Component": RELATIONS, "API": API}.get(kind, "")
    return (ENTITY + extra).format_map(values)


@dataclass(slots=True)
class Client:
    """One kept-alive connection to the API."""

    platform: RunningPlatform
    connection: http.client.HTTPConnection = field(init=False)
    headers: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", self.platform.port, timeout=60)
        token = (self.platform.home / "token").read_text().strip()
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """Return the body of an answer that has to be a good one."""
        self.connection.request(method, f"/api/v1{path}", body, dict(self.headers))
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:500]!r}")
        return content

    def count(self) -> int:
        """Return how many entities are visible."""
        return int(json.loads(self.ask("GET", "/entities?limit=1"))["total"])


def split(first: int, last: int) -> Iterator[range]:
    """Yield the numbers from `first` to before `last` in batches."""
    for start in range(first, last, BATCH):
        yield range(start, min(start + BATCH, last))


def make_bodies(first: int, last: int) -> Iterator[bytes]:
    """Yield requests that apply the entities from `first` to before `last`."""
    for batch in split(first, last):
        files = [{"name": f"{index}.yaml", "content": make_entity(index)} for index in batch]
        yield json.dumps({"files": files}).encode()


def ingest(client: Client, first: int, last: int) -> None:
    """Apply entities, and print how fast they became visible."""
    bodies = list(make_bodies(first, last))
    known = client.count()
    assert client.platform.process is not None
    pid = client.platform.process.pid
    cpu, began = measure.read_cpu_seconds(pid), time.perf_counter()
    for body in bodies:
        client.ask("POST", "/entities", body)
    assert client.count() == known + last - first
    seconds = time.perf_counter() - began
    cpu = measure.read_cpu_seconds(pid) - cpu
    count = last - first
    bare = ("bare inserts", count / insert_bare(first, last))
    measure.show(f"ingest of {count:,}", count / seconds, "/s", peer=bare)
    measure.show("CPU of an entity", cpu / count * 1000, "CPU-ms")


def insert_bare(first: int, last: int) -> float:
    """Return the seconds of inserting the same documents into a plain table, in like batches."""
    batches = [
        [(f"ref-{index}", make_entity(index)) for index in batch] for batch in split(first, last)
    ]
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(sqlite3.connect(Path(folder) / "plain.db", isolation_level=None)) as file,
    ):
        file.execute("PRAGMA journal_mode = WAL")
        file.execute("CREATE TABLE plain (ref text PRIMARY KEY, document text)")
        began = time.perf_counter()
        for batch in batches:
            file.execute("BEGIN")
            file.executemany("INSERT INTO plain VALUES (?, ?)", batch)
            file.execute("COMMIT")
        return time.perf_counter() - began


def read(client: Client) -> None:
    """Print the latency of each kind of read."""
    seconds: dict[str, list[float]] = {name: [] for name in READ_PATHS}
    for round_ in range(WARM_READS + READS):
        for name, path in READ_PATHS.items():
            began = time.perf_counter()
            client.ask("GET", path)
            if round_ >= WARM_READS:
                seconds[name].append(time.perf_counter() - began)
    for percent in (50, 95):
        figures = {
            name: measure.get_percentile(found, percent) * 1000 for name, found in seconds.items()
        }
        health = figures.pop("healthz")
        for name, figure in figures.items():
            measure.show(f"{name}, p{percent}", figure, "ms", peer=("healthz", health))


def main() -> None:
    sizes = [int(size) for size in sys.argv[1:]] or SIZES
    with tempfile.TemporaryDirectory() as folder, start_platform(Path(folder)) as platform:
        client = Client(platform)
        for first, last in itertools.pairwise((0, *sizes)):
            measure.show_title(f"{last:,} entities")
            ingest(client, first, last)
            read(client)
        client.connection.close()


if __name__ == "__main__":
    main()
