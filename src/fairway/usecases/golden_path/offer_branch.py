"""The commit of an upgrade, and the branch on which it is offered.

Belongs here: which branch that is, whether people have worked on it, moving it. Never here: how
the tree came about (`upgrade_component`). Start at `write_commit`.
"""

from dataclasses import dataclass
from datetime import datetime

from fairway.core.golden_path import upgrade as upgrades
from fairway.core.golden_path.golden_path import UpgradeOffer
from fairway.ports.source_control import Signature
from fairway.usecases.golden_path.upgrade_component import MergedUpgrade, Upgrade
from fairway.usecases.platform import Platform

_HEADS = "refs/heads/"


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchMove:
    """A branch of an offer, and where it leads before and after; empty: nowhere."""

    branch: str
    before: str
    after: str


def write_commit(
    platform: Platform, found: Upgrade, merged: MergedUpgrade, *, at: datetime
) -> BranchMove:
    """Store the upgrade's commit and return the branch that is to lead to it; it does not move.

    A commit that says the same already is found rather than made again. A branch on which people
    have worked is left to them.
    """
    link, name = found.link, found.repository.name
    message = upgrades.make_message(link, found.new.version, merged.conflicts, merged.notes)
    heads = platform.source_control.list_refs(name, prefix=_HEADS + upgrades.OFFERED)
    number = 1
    while True:
        branch = upgrades.make_branch(link.path, found.new.version, number)
        tip = heads.get(_HEADS + branch, "")
        if not tip or is_untouched(platform, name, tip):
            break
        number += 1
    known = platform.source_control.find_commit(name, tip) if tip else None
    is_same = known is not None and (known.tree, known.parents, known.message.rstrip()) == (
        merged.tree,
        (merged.head,),
        message.rstrip(),
    )
    commit = tip if is_same else _write(platform, name, merged, message=message, at=at)
    return BranchMove(branch=branch, before=tip, after=commit)


def is_untouched(platform: Platform, repository: str, commit: str) -> bool:
    """Return whether a commit is one that the platform made, and nothing else is in it."""
    entry = platform.source_control.find_commit(repository, commit)
    if entry is None or not any(
        line.startswith(f"{upgrades.TRAILER}: ") for line in entry.message.splitlines()
    ):
        return False
    again = platform.source_control.write_commit(
        repository,
        tree=entry.tree,
        parents=entry.parents,
        message=entry.message,
        signature=make_signature(entry.author.at),
    )
    return again == commit


def make_signature(at: datetime) -> Signature:
    """Return the signature of the platform's own commits."""
    return Signature(name="Fairway", email="fairway@localhost", at=at)


def _write(
    platform: Platform, name: str, merged: MergedUpgrade, *, message: str, at: datetime
) -> str:
    return platform.source_control.write_commit(
        name,
        tree=merged.tree,
        parents=(merged.head,),
        message=message,
        signature=make_signature(at),
    )


def move_branch(platform: Platform, repository: str, move: BranchMove) -> None:
    """Carry a move out.

    Raises:
        Refused: REF-MOVED.
    """
    ref = _HEADS + move.branch
    platform.source_control.move_ref(repository, ref, to=move.after, expected=move.before)


def list_outdated(
    platform: Platform, before: UpgradeOffer | None, move: BranchMove
) -> tuple[BranchMove, ...]:
    """Return how the branch of the offer before goes, unless people have worked on it."""
    if before is None or before.branch == move.branch or before.state == "landed":
        return ()
    ref = _HEADS + before.branch
    tip = platform.source_control.list_refs(before.repository, prefix=ref).get(ref, "")
    if not tip or not is_untouched(platform, before.repository, tip):
        return ()
    return (BranchMove(branch=before.branch, before=tip, after=""),)
