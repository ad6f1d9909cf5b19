"""Noting that an upgrade is in a default branch, however it came there.

Belongs here: telling from commits, and bringing the component's link up to date. Pushes and
landings call it; it moves no branch.
"""

import dataclasses

from fairway.core.audit.event import AuditEvent
from fairway.core.golden_path import upgrade as upgrades
from fairway.core.golden_path.golden_path import UpgradeOffer
from fairway.core.source.repository import Push, Repository
from fairway.ports.source_control import SourceControl
from fairway.ports.store.store import Transaction

# How many commits of a push are searched for one that brings an upgrade.
_MOST_COMMITS = 1000


def note_landed(
    tx: Transaction, source_control: SourceControl, repository: Repository, push: Push
) -> UpgradeOffer | None:
    """Return the offer that came in with a push to the default branch, if one did.

    An offer is in when its commit is, or another that says the same: one that was rebased or
    squashed. The component's link is then at the offer's version. Safe to repeat.
    """
    offer = tx.golden_paths.find_offer(repository.component) if repository.component else None
    link = tx.golden_paths.find_link(repository.component) if offer else None
    if offer is None or link is None or not push.after:
        return None
    if offer.state in ("landed", "withdrawn") or not _is_in(source_control, offer, push):
        return None
    landed = tx.golden_paths.put_offer(dataclasses.replace(offer, state="landed"))
    tx.golden_paths.put_link(
        dataclasses.replace(
            link,
            version=offer.to_version,
            answers=offer.answers,
            files=offer.files,
            updated_at=push.at,
        )
    )
    tx.audit.append(
        AuditEvent(
            type="upgrade.landed",
            subject=f"component/{offer.component}",
            actor=push.actor,
            at=push.at,
            data={"path": offer.path, "version": offer.to_version, "commit": push.after},
        )
    )
    return landed


def _is_in(source_control: SourceControl, offer: UpgradeOffer, push: Push) -> bool:
    if source_control.is_ancestor(offer.repository, offer.commit, push.after):
        return True
    commits = source_control.list_commits(
        offer.repository,
        push.after,
        excluding=(push.before,) if push.before else (),
        limit=_MOST_COMMITS,
    )
    return any(
        upgrades.has_trailer(commit.message, offer.path, offer.to_version) for commit in commits
    )
