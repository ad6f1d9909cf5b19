"""Finding drivers by entry point.

Belongs here: the two groups, making each driver once, and reading its traits from its schema.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import entry_points
from typing import cast

from fairway.core.definition.definition import TargetDefinition
from fairway.core.plan.scope import Traits
from fairway.kits import canonical
from fairway.kits.canonical import JsonObject, JsonValue
from fairway.kits.errors import Refused
from fairway.ports.driver import DriverContext
from fairway.ports.provisioner import Provisioner
from fairway.ports.target import Target
from fairway.usecases.platform import Targets

TARGETS = "fairway.targets"
PROVISIONERS = "fairway.provisioners"
TargetFactory = Callable[[DriverContext, JsonObject], Target]
ProvisionerFactory = Callable[[DriverContext], Provisioner]


def load_provisioners(context: DriverContext) -> Mapping[str, Provisioner]:
    """Return every installed provisioner by the name of its entry point."""
    found = {}
    for point in sorted(entry_points(group=PROVISIONERS), key=lambda item: item.name):
        factory = cast("ProvisionerFactory", point.load())
        found[point.name] = factory(context)
    return found


class InstalledTargets(Targets):
    """Targets by entry point; one is made per driver and configuration. Thread-safe."""

    def __init__(self, context: DriverContext) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._made: dict[tuple[str, bytes], Target] = {}
        self._points = {point.name: point for point in entry_points(group=TARGETS)}

    def has(self, driver: str) -> bool:
        return driver in self._points

    def get(self, definition: TargetDefinition) -> Target:
        point = self._points.get(definition.driver)
        if point is None:
            known = ", ".join(f"'{name}'" for name in sorted(self._points))
            raise Refused(
                "TARGET-DRIVER-UNKNOWN",
                what=f"cannot use target '{definition.name}'",
                why=f"its driver '{definition.driver}' is not installed; installed are {known}",
                fix="correct 'driver' in the Target, or install the package that brings it",
            )
        key = (definition.driver, canonical.render_canonical(definition.config))
        with self._lock:
            if key not in self._made:
                factory = cast("TargetFactory", point.load())
                self._made[key] = factory(self._context, definition.config)
            return self._made[key]


def make_traits(provisioner: Provisioner) -> Traits:
    """Return what the planner must know, from the annotations in the driver's schema."""
    schema = provisioner.get_inputs_schema()
    return Traits(
        immutable=frozenset(_list_marked(schema, "x-fairway-immutable")),
        grow_only=frozenset(_list_marked(schema, "x-fairway-grow-only")),
    )


def _list_marked(schema: JsonObject, mark: str) -> Iterator[str]:
    """Yield the dotted paths, below a node's inputs, of properties that carry `mark`.

    A driver marks params of the resource type under `x-fairway-params`.
    """
    yield from _walk(schema, mark, "inputs")
    params = schema.get("x-fairway-params")
    if isinstance(params, Mapping):
        yield from _walk({"properties": params}, mark, "params")


def _walk(schema: JsonValue, mark: str, path: str) -> Iterator[str]:
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    for name, item in (properties if isinstance(properties, Mapping) else {}).items():
        if isinstance(item, Mapping) and item.get(mark) is True:
            yield f"{path}.{name}"
        yield from _walk(item, mark, f"{path}.{name}")
