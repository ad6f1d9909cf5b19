"""Relations between entities; each has a reverse, and both are always present.

Belongs here: the relation value and the pairs. Start at `Relation`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Relation:
    """`source` and `target` are canonical refs such as `component:default/orders`."""

    source: str
    type: str
    target: str
