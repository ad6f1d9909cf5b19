"""Small platforms to check."""

from collections.abc import Callable, Mapping

import pytest

from fairway.core.definition.definition import (
    Definitions,
    Environment,
    ProvisionerDefinition,
    ResourceType,
    ResourceTypeVersion,
    TargetDefinition,
)

MakePlatform = Callable[..., Definitions]


@pytest.fixture
def make_platform() -> MakePlatform:
    """Return a function that makes a valid platform, with what a test adds to it or replaces."""

    def make(
        environments: Mapping[str, Environment] | None = None,
        resource_types: Mapping[str, ResourceType] | None = None,
        provisioners: Mapping[str, ProvisionerDefinition] | None = None,
    ) -> Definitions:
        version = ResourceTypeVersion(name="v1", classes=("default",), params={}, outputs={})
        postgres = ResourceType(name="postgres", title="", owner=None, versions=(version,))
        local = ProvisionerDefinition(
            name="local", type="postgres", match={"targetDriver": "process"}, driver="postgresql"
        )
        dev = Environment(name="dev", title="", type="development", target="here")
        return Definitions(
            environments={"dev": dev, **(environments or {})},
            targets={"here": TargetDefinition(name="here", driver="process")},
            resource_types={"postgres": postgres, **(resource_types or {})},
            provisioners={"local": local, **(provisioners or {})},
        )

    return make
