"""Landing an offer: the default branch moves to it.

Belongs here: when that may be. Never here: that the branch has moved (`note_upgrade`).
"""

import dataclasses

from fairway.core.golden_path.golden_path import UpgradeOffer
from fairway.core.source.repository import Repository
from fairway.kits.errors import Refused
from fairway.ports.store.store import Transaction
from fairway.usecases.golden_path import upgrade_component
from fairway.usecases.platform import Actor, Platform
from fairway.usecases.source import check_push, receive_push


def land_upgrade(platform: Platform, actor: Actor, component: str) -> UpgradeOffer:
    """Move the default branch to a component's offer, which goes live; again, it does nothing.

    Raises:
        Refused: PATH-LINK-UNKNOWN, UPGRADE-NONE, UPGRADE-CONFLICTED, UPGRADE-OUTDATED,
            ACCESS-DENIED, REPOSITORY-FOLLOWS, REF-MOVED.
    """
    with platform.store.read() as tx:
        offer, repository = _get_offer(tx, component)
    check_push.check_right(actor, repository)
    if offer.state == "landed":
        return offer
    what = f"cannot land the upgrade of '{component}' to {offer.path} {offer.to_version}"
    if offer.state != "offered":
        raise Refused(
            "UPGRADE-CONFLICTED",
            what=what,
            why=f"{len(offer.conflicts)} conflicts wait for a person"
            if offer.conflicts
            else f"the offer is {offer.state}",
            fix=f"resolve them on branch '{offer.branch}' and merge it, or upgrade again",
            status=409,
        )
    head = upgrade_component.get_head(platform, repository)
    if head not in (offer.base, offer.commit):
        raise Refused(
            "UPGRADE-OUTDATED",
            what=what,
            why=f"'{repository.default_branch}' is at {head[:12]}, and the offer was made for "
            f"{offer.base[:12]}",
            fix=f"upgrade again: fairway path upgrade {component}; or merge '{offer.branch}'",
            status=409,
        )
    ref = f"refs/heads/{repository.default_branch}"
    platform.source_control.move_ref(repository.name, ref, to=offer.commit, expected=offer.base)
    with platform.store.write() as tx:
        branch = repository.default_branch
        receive_push.note_heads(platform, tx, repository, branches=[branch], actor=actor.name)
    return dataclasses.replace(offer, state="landed")


def _get_offer(tx: Transaction, component: str) -> tuple[UpgradeOffer, Repository]:
    link = upgrade_component.get_link(tx, component)
    repository = tx.repositories.find(link.repository)
    assert repository is not None, "a repository goes with its link"
    return get_offer(tx, component), repository


def get_offer(tx: Transaction, component: str) -> UpgradeOffer:
    """Return the component's latest offer.

    Raises:
        Refused: UPGRADE-NONE.
    """
    offer = tx.golden_paths.find_offer(component)
    if offer is None:
        raise Refused(
            "UPGRADE-NONE",
            what=f"cannot find an upgrade of '{component}'",
            why="none was offered",
            fix=f"make one: fairway path upgrade {component}",
            status=404,
        )
    return offer
