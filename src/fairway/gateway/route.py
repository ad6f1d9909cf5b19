"""The route table as the agent writes it.

Belongs here: the shape of `routes.json`. Never here: connections, counters. Start at
`parse_routes`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from fairway.kits.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A ready replica and where it listens."""

    id: str
    address: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Requests for `host` below `path` go to one of `instances`.

    `host` is in lower case without a port; `path` starts with a slash and has none at its end,
    `/` itself aside. `workload` is for people: `<environment>/<component>`.
    """

    host: str
    path: str
    name: str
    workload: str
    instances: tuple[Instance, ...]

    def is_match(self, path: str) -> bool:
        """Return whether `path` is this route's path or lies below it."""
        return self.path in ("/", path) or path.startswith(self.path + "/")


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteTable:
    """Every route at one version."""

    version: int = 0
    routes: tuple[Route, ...] = ()


def parse_routes(content: bytes) -> RouteTable:
    """Return the table that `content`, the bytes of `routes.json`, describes.

    Raises:
        Refused: GATEWAY-ROUTES-INVALID, the content is not such a table.
    """
    try:
        document = json.loads(content)
        routes = tuple(_parse_route(route) for route in document["routes"])
        table = RouteTable(version=int(document["version"]), routes=routes)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _refuse(f"{type(error).__name__}: {error}") from error
    seen: set[tuple[str, str]] = set()
    for route in table.routes:
        if (route.host, route.path) in seen:
            raise _refuse(f"{route.host}{route.path} is listed twice")
        seen.add((route.host, route.path))
    return table


def _parse_route(value: Mapping[str, object]) -> Route:
    path = str(value.get("path") or "/")
    if not path.startswith("/"):
        raise ValueError(f"path '{path}' does not start with a slash")
    instances = value["instances"]
    if not isinstance(instances, list):
        raise TypeError("instances is not a list")
    return Route(
        host=str(value["host"]).lower().rstrip("."),
        path=path.rstrip("/") or "/",
        name=str(value.get("name", "")),
        workload=str(value.get("workload", "")),
        instances=tuple(
            Instance(id=str(item["id"]), address=str(item["address"]), port=int(item["port"]))
            for item in instances
        ),
    )


def _refuse(why: str) -> Refused:
    return Refused(
        "GATEWAY-ROUTES-INVALID",
        what="cannot read the gateway's routes.json",
        why=why,
        fix="let the agent write the file; the table in force stays as it is until then",
    )
