"""A catalog entity: a document in the envelope `apiVersion, kind, metadata, spec`.

Belongs here: the value and what can be read off it. Never here: validation of kinds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from fairway.kits.canonical import JsonObject

DEFAULT_NAMESPACE = "default"


@dataclass(frozen=True, slots=True)
class Entity:
    """A validated entity; `document` is the whole of it as written, without `relations`."""

    document: JsonObject
    # The canonical ref: `kind:namespace/name` in lower case.
    ref: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        ref = f"{self.kind}:{self.namespace}/{self.name}".lower()
        object.__setattr__(self, "ref", ref)

    @property
    def api_version(self) -> str:
        return cast("str", self.document["apiVersion"])

    @property
    def kind(self) -> str:
        return cast("str", self.document["kind"])

    @property
    def metadata(self) -> JsonObject:
        return cast("JsonObject", self.document["metadata"])

    @property
    def spec(self) -> JsonObject:
        return cast("JsonObject", self.document.get("spec", {}))

    @property
    def name(self) -> str:
        return cast("str", self.metadata["name"])

    @property
    def namespace(self) -> str:
        return cast("str", self.metadata.get("namespace") or DEFAULT_NAMESPACE)

    @property
    def title(self) -> str | None:
        return cast("str | None", self.metadata.get("title"))

    @property
    def annotations(self) -> Mapping[str, str]:
        return cast("Mapping[str, str]", self.metadata.get("annotations") or {})

    @property
    def tags(self) -> tuple[str, ...]:
        return tuple(cast("list[str]", self.metadata.get("tags") or []))
