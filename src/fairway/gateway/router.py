"""The table in force and the live instances behind it.

Belongs here: which route a request takes, which instance is next, and a change of the table
without harm to what is in flight. Never here: bytes of HTTP. Start at `Router.find`.
"""

import asyncio
import itertools
from collections.abc import Collection, Mapping

from fairway.gateway.route import Route, RouteTable
from fairway.gateway.upstream import Upstream
from fairway.kits.canonical import JsonObject


class Tally:
    """Counts of one route's requests; `classes` is keyed by `2xx` and so on."""

    __slots__ = ("classes", "seconds")

    def __init__(self) -> None:
        self.classes: dict[str, int] = {}
        self.seconds = 0.0

    def add(self, status: int, seconds: float) -> None:
        key = f"{status // 100}xx"
        self.classes[key] = self.classes.get(key, 0) + 1
        self.seconds += seconds


class LiveRoute:
    """A route with its live instances."""

    __slots__ = ("_turns", "route", "tally", "upstreams")

    def __init__(
        self,
        route: Route,
        upstreams: tuple[Upstream, ...],
        tally: Tally,
        turns: "itertools.count[int]",
    ) -> None:
        self.route = route
        self.upstreams = upstreams
        self.tally = tally
        self._turns = turns

    def choose(self, excluded: Collection[str], now: float) -> Upstream | None:
        """Return the instance with the fewest requests in flight, or None when none is left.

        Among equals it is the one chosen longest ago. One that just refused a connection comes
        last.
        """
        candidates = self.upstreams
        if excluded:
            candidates = tuple(one for one in candidates if one.instance.id not in excluded)
        if not candidates:
            return None
        chosen = min(candidates, key=lambda one: (one.avoided_until > now, one.in_flight, one.turn))
        chosen.turn = next(self._turns)
        return chosen


class Router:
    """Finds routes in the table in force."""

    def __init__(self) -> None:
        self.version = 0
        self._hosts: dict[str, list[LiveRoute]] = {}
        self._upstreams: dict[str, Upstream] = {}
        self._tallies: dict[str, Tally] = {}
        self._turns = itertools.count(1)
        self._changed = asyncio.Event()

    def find(self, host: str, path: str) -> LiveRoute | None:
        """Return the route of `host` with the longest path that `path` is at or below."""
        for live in self._hosts.get(host, ()):
            if live.route.is_match(path):
                return live
        return None

    def replace(self, table: RouteTable) -> None:
        """Put `table` in force: no request that starts from now on uses another."""
        hosts: dict[str, list[LiveRoute]] = {}
        listed: dict[str, Upstream] = {}
        for route in table.routes:
            upstreams = tuple(self._list_upstreams(route, listed))
            tally = self._tallies.setdefault(route.host + route.path, Tally())
            live = LiveRoute(route, upstreams, tally, self._turns)
            hosts.setdefault(route.host, []).append(live)
        for routes in hosts.values():
            routes.sort(key=lambda live: len(live.route.path), reverse=True)
        self._retire(listed)
        self._hosts = hosts
        self.version = table.version
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _list_upstreams(self, route: Route, listed: dict[str, Upstream]) -> list[Upstream]:
        """Return the live instances of `route`: those known already go on, with their counts."""
        upstreams = []
        for instance in route.instances:
            known = listed.get(instance.id) or self._upstreams.get(instance.id)
            if known is None:
                known = Upstream(instance)
            known.list_at(instance)
            listed[instance.id] = known
            upstreams.append(known)
        return upstreams

    def _retire(self, listed: Mapping[str, Upstream]) -> None:
        leaving = [one for key, one in self._upstreams.items() if key not in listed]
        for upstream in leaving:
            upstream.unlist()
        draining = {one.instance.id: one for one in leaving if one.in_flight}
        self._upstreams = {**draining, **listed}

    async def wait_for_change(self, seconds: float) -> None:
        """Return when another table is in force, or after `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return

    def count_in_flight(self, instance_id: str) -> int:
        """Return how many requests an instance has, also after it has left the table."""
        upstream = self._upstreams.get(instance_id)
        return upstream.in_flight if upstream is not None else 0

    def get_metrics(self) -> JsonObject:
        """Return counts by route: requests by status class, and the sum of their seconds."""
        return {
            key: {"requests": dict(sorted(tally.classes.items())), "seconds": tally.seconds}
            for key, tally in sorted(self._tallies.items())
        }
