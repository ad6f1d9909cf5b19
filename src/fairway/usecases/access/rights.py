"""Who may change what somebody owns.

Belongs here: the one rule that holds for everything with an owner.
"""

from fairway.core.catalog.ref import parse_entity_ref
from fairway.kits.errors import Refused
from fairway.usecases.platform import Actor


def is_owner(actor: Actor, owner: str) -> bool:
    """Return whether `actor` is an administrator, the user `owner`, or in that group.

    `owner` is an entity ref; without a kind it is a group's.
    """
    ref = parse_entity_ref(owner, default_kind="Group", default_namespace="default")
    groups = {
        str(parse_entity_ref(group, default_kind="Group", default_namespace="default"))
        for group in actor.groups
    }
    return actor.is_admin or str(ref) in {f"user:default/{actor.name.lower()}", *groups}


def check_owner(actor: Actor, owner: str, *, what: str) -> None:
    """Refuse what only the owner may do; `what` completes "cannot …".

    Raises:
        Refused: ACCESS-DENIED.
    """
    if not is_owner(actor, owner):
        raise Refused(
            "ACCESS-DENIED",
            what=f"cannot {what}",
            why=f"it belongs to '{owner}', and '{actor.name}' is neither that nor one of its "
            "members nor an administrator",
            fix="ask the owner to do it, or an administrator to add you to the group",
            status=403,
        )
