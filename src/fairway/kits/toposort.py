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
    sorter = graphlib.TopologicalSorter({name: sorted(needs[name]) for name in sorted(needs)})
    try:
        sorter.prepare()
    except graphlib.CycleError as error:
        raise CycleError(_normalise(error.args[1])) from error
    waves: list[tuple[str, ...]] = []
    while sorter.is_active():
        wave = tuple(sorted(sorter.get_ready()))
        waves.append(wave)
        sorter.done(*wave)
    return tuple(waves)


def _normalise(cycle: list[str]) -> tuple[str, ...]:
    """Return the cycle in needs-order, starting at its smallest name.

    `graphlib` reports it in the opposite direction, starting anywhere.
    """
    ring = list(reversed(cycle[1:]))
    start = ring.index(min(ring))
    ordered = ring[start:] + ring[:start]
    return (*ordered, ordered[0])
