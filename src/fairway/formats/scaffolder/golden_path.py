"""A Template as the golden path that it becomes.

Belongs here: which of its fields mean what. Never here: publishing. Start at `make_golden_path`.
"""

from typing import Final

from fairway.core.catalog.entity import Entity
from fairway.formats import catalog
from fairway.formats.scaffolder.template import Template
from fairway.formats.yaml import make_document
from fairway.kits.canonical import JsonObject, JsonValue
from fairway.kits.errors import InvalidDocuments, Refused

# Names, separated by commas, of the environments where a push of a service goes.
ENVIRONMENTS: Final = "fairway.dev/environments"
_KEPT = ("name", "namespace", "title", "description", "labels", "annotations", "tags", "links")
_LIFECYCLES = ("experimental", "production", "deprecated")


def make_golden_path(template: Template) -> Entity:
    """Return the GoldenPath that stands for the template in the catalog.

    Raises:
        InvalidDocuments: TEMPLATE-INVALID, it names no owner; or its name is none that a golden
            path may have.
    """
    entity = template.entity
    owner = entity.spec.get("owner")
    if not isinstance(owner, str):
        raise Refused(
            "TEMPLATE-INVALID",
            what=f"cannot read template '{entity.name}'",
            why="spec.owner is missing, and a golden path has an owner",
            fix="add spec.owner, such as group:platform",
            at=template.locate(("spec",)),
        )
    lifecycle = entity.spec.get("lifecycle")
    environments: list[JsonValue] = [
        name.strip() for name in entity.annotations.get(ENVIRONMENTS, "").split(",") if name.strip()
    ]
    spec: JsonObject = {
        "owner": owner,
        "lifecycle": lifecycle if lifecycle in _LIFECYCLES else "production",
        "type": entity.spec["type"],
        **({"environments": environments} if environments else {}),
    }
    value: JsonObject = {
        "apiVersion": "fairway.dev/v1",
        "kind": "GoldenPath",
        "metadata": {key: entity.metadata[key] for key in _KEPT if key in entity.metadata},
        "spec": spec,
    }
    try:
        return catalog.parse_entity(make_document(value, file=template.document.file))
    except InvalidDocuments as refused:
        at = template.locate(("metadata",))
        raise Refused(
            refused.code, what=refused.what, why=refused.why, fix=refused.fix, at=at
        ) from refused
