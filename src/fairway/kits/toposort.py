"""Ordering of things that need each other.

Belongs here: deterministic topological order. Never here: what the things are.
"""

import graphlib
from collections.abc import Collection, Mapping


class CycleError(ValueError):
    """`cycle` lists the members in the order in which each needs the next; first equals last."""

    def __init__(self, cycle: tuple[str, ...]) -> None:
        super().__init__(" needs ".join(repr(name) for name in cycle))
        self.cycle = cycle


def make_waves(needs: Mapping[str, Collection[str]]) -> tuple[tuple[str, ...], ...]:
    """Return names in waves: each wave, sorted, needs only what earlier waves hold.

    A name that is needed but is not a key counts as one that needs nothing.

    Raises:
        CycleError: some names need each other; the same cycle is named for the same input.

    Example:
        >>> make_waves({"web": ["db", "cache"], "db": [], "cache": ["db"]})
        (('db',), ('cache',), ('web',))
    """
    waiting = {name: len(set(before)) for name, before in needs.items()}
    dependents: dict[str, list[str]] = {}
    for name, before in needs.items():
        for need in set(before):
            dependents.setdefault(need, []).append(name)
            waiting.setdefault(need, 0)
    waves: list[tuple[str, ...]] = []
    ready = [name for name, count in waiting.items() if not count]
    while ready:
        wave = tuple(sorted(ready))
        waves.append(wave)
        ready = []
        for name in wave:
            for dependent in dependents.get(name, ()):
                waiting[dependent] -= 1
                if not waiting[dependent]:
                    ready.append(dependent)
    if any(waiting.values()):
        raise CycleError(_find_cycle(needs))
    return tuple(waves)


def _find_cycle(needs: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """Return a cycle in needs-order, starting at its smallest name.

    `graphlib` reports it in the opposite direction, starting anywhere.
    """
    sorter = graphlib.TopologicalSorter({name: sorted(needs[name]) for name in sorted(needs)})
    try:
        sorter.prepare()
    except graphlib.CycleError as error:
        ring = list(reversed(error.args[1][1:]))
        start = ring.index(min(ring))
        return (*ring[start:], *ring[: start + 1])
    raise AssertionError("names that wait for each other are in a cycle")
