"""Entity refs: `[<kind>:][<namespace>/]<name>`, exactly as Backstage reads them.

Belongs here: the grammar and the canonical text. Never here: whether the entity exists. Start at
`parse_entity_ref`.
"""

from dataclasses import dataclass

from fairway.core.catalog.entity import DEFAULT_NAMESPACE
from fairway.kits.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityRef:
    """A complete ref as written; `str()` gives its canonical text, in lower case."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.namespace}/{self.name}".lower()


def parse_entity_ref(
    text: str, *, default_kind: str | None = None, default_namespace: str = DEFAULT_NAMESPACE
) -> EntityRef:
    """Return the ref that `text` names, completed by the defaults.

    A colon after the first slash belongs to the name.

    Raises:
        Refused: ENTITY-REF-INVALID, a part is empty, or there is no kind and no default for it.

    Example:
        >>> str(parse_entity_ref("Shop", default_kind="Group"))
        'group:default/shop'
        >>> parse_entity_ref("api:billing/v1:orders").name
        'v1:orders'
    """
    colon, slash = text.find(":"), text.find("/")
    if -1 < slash < colon:
        colon = -1
    kind = default_kind if colon == -1 else text[:colon]
    namespace = default_namespace if slash == -1 else text[colon + 1 : slash]
    name = text[max(colon, slash) + 1 :]
    if kind is None:
        raise _refuse(text, "it names no kind, and there is no default here")
    if not (kind and namespace and name):
        raise _refuse(text, "a part of it is empty")
    return EntityRef(kind=kind, namespace=namespace, name=name)


def _refuse(text: str, why: str) -> Refused:
    return Refused(
        "ENTITY-REF-INVALID",
        what=f"cannot read entity ref '{text}'",
        why=why,
        fix="write it as <kind>:<namespace>/<name>, such as component:default/orders",
    )
