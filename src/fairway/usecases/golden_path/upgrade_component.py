"""Bringing a component to another version of its golden path.

Three trees are merged: what the old version renders with the component's answers, what the new
one does, and what the default branch has. What comes out is one commit on top of that branch.
Belongs here: everything up to the merged tree, and previews. Never here: the commit and its
branch (`offer_branch`), runs (`upgrade_fleet`). Start at `preview_upgrade`.
"""

import dataclasses
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from fairway.core.golden_path import upgrade as upgrades
from fairway.core.golden_path.golden_path import PathLink, PathVersion
from fairway.core.golden_path.upgrade import FileDiff
from fairway.core.source.conflict import Conflict
from fairway.core.source.repository import Repository
from fairway.core.source.tree import Tree
from fairway.kits.canonical import JsonObject, JsonValue
from fairway.kits.errors import Refused
from fairway.ports.renderer import Rendering
from fairway.ports.store.store import Transaction
from fairway.usecases.access import rights
from fairway.usecases.golden_path import scaffold_component
from fairway.usecases.platform import Actor, Platform

_HEADS = "refs/heads/"


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeRequest:
    """What is asked for: `to` empty means the newest version, `answers` go over those known."""

    component: str
    to: str = ""
    answers: JsonObject = dataclasses.field(default_factory=dict)
    is_downgrade: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrade:
    """From where to where; `answers` are those of the new version, without its defaults."""

    repository: Repository
    link: PathLink
    old: PathVersion
    new: PathVersion
    answers: JsonObject

    @property
    def is_needed(self) -> bool:
        return self.old.version != self.new.version


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedUpgrade:
    """Both renderings: trees in the component's repository, and the answers that gave `theirs`."""

    base: str
    theirs: str
    answers: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedUpgrade:
    """A merge on top of commit `head`; `tree` is in the component's repository."""

    head: str
    tree: str
    conflicts: tuple[Conflict, ...]
    notes: tuple[Conflict, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradePreview:
    """What an upgrade would do; `parameters` are the schemas of those that are new."""

    upgrade: Upgrade
    merged: MergedUpgrade | None
    answers: JsonObject
    parameters: JsonObject
    diffs: tuple[FileDiff, ...]


def preview_upgrade(platform: Platform, actor: Actor, request: UpgradeRequest) -> UpgradePreview:
    """Return what upgrading a component would change, and change nothing.

    Raises:
        Refused: as `find_upgrade` and `render_upgrades`; ACCESS-DENIED.
    """
    with platform.store.read() as tx:
        found = find_upgrade(platform, tx, request)
        check_rights(actor, found)
    parameters = upgrades.list_new_parameters(found.old.parameters, found.new.parameters)
    if not found.is_needed:
        return UpgradePreview(
            upgrade=found, merged=None, answers=found.answers, parameters={}, diffs=()
        )
    (rendered,) = render_upgrades(platform, [found])
    if isinstance(rendered, Refused):
        raise rendered
    merged = merge_upgrade(platform, found, rendered)
    name = found.repository.name
    trees = [platform.source_control.read_tree(name, item) for item in (merged.head, merged.tree)]
    return UpgradePreview(
        upgrade=found,
        merged=merged,
        answers=rendered.answers,
        parameters=parameters,
        diffs=upgrades.make_diffs(*trees),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeQuestions:
    """What the new version asks for; `new` names those parameters that the old one had not."""

    link: PathLink
    version: PathVersion
    new: tuple[str, ...]


def get_questions(tx: Transaction, component: str, *, to: str = "") -> UpgradeQuestions:
    """Return what an upgrade of a component would ask for.

    Raises:
        Refused: PATH-LINK-UNKNOWN, PATH-UNKNOWN, PATH-VERSION-UNKNOWN.
    """
    link = get_link(tx, component)
    versions = tx.golden_paths.list_versions(link.path)
    new = upgrades.choose_version(link, versions, to=to, is_downgrade=True)
    old = next(item for item in versions if item.version == link.version)
    added = upgrades.list_new_parameters(old.parameters, new.parameters)
    return UpgradeQuestions(link=link, version=new, new=tuple(added))


def find_upgrade(platform: Platform, tx: Transaction, request: UpgradeRequest) -> Upgrade:
    """Return from where to where a component goes, with valid answers.

    Raises:
        Refused: PATH-LINK-UNKNOWN, PATH-UNKNOWN, PATH-VERSION-UNKNOWN, PATH-DOWNGRADE,
            PATH-TAG-MOVED, PARAMETER-INVALID naming each field, PARAMETER-SECRET.
    """
    link = get_link(tx, request.component)
    repository = tx.repositories.find(link.repository)
    versions = tx.golden_paths.list_versions(link.path)
    new = upgrades.choose_version(link, versions, to=request.to, is_downgrade=request.is_downgrade)
    old = next((item for item in versions if item.version == link.version), None)
    assert repository is not None, "a repository goes with its link"
    assert old is not None, "versions are never removed"
    if old.version == new.version:
        return Upgrade(repository=repository, link=link, old=old, new=new, answers=link.answers)
    _check_secret(request, new)
    answers = scaffold_component.check_answers(
        platform, new, {**upgrades.keep_answers(link.answers, new.parameters), **request.answers}
    )
    _check_tags(platform, request.component, old, new)
    return Upgrade(repository=repository, link=link, old=old, new=new, answers=answers)


def get_link(tx: Transaction, component: str) -> PathLink:
    """Return what the component was made from.

    Raises:
        Refused: PATH-LINK-UNKNOWN.
    """
    link = tx.golden_paths.find_link(component)
    if link is None:
        raise Refused(
            "PATH-LINK-UNKNOWN",
            what=f"cannot upgrade '{component}'",
            why="it was not made from a golden path",
            fix="see which services were with: fairway path drift PATH",
            status=404,
        )
    return link


def check_rights(actor: Actor, found: Upgrade) -> None:
    """Refuse who may not push to the component's repository.

    Raises:
        Refused: ACCESS-DENIED.
    """
    what = f"upgrade '{found.link.component}'"
    rights.check_owner(actor, found.repository.owner, what=what)


def _check_secret(request: UpgradeRequest, new: PathVersion) -> None:
    """Refuse a secret: an upgrade is journalled with its answers."""
    given = [
        key for key in upgrades.list_secret_parameters(new.parameters) if key in request.answers
    ]
    if given:
        raise Refused(
            "PARAMETER-SECRET",
            what=f"cannot upgrade '{request.component}' with '{given[0]}'",
            why="it is secret, and an upgrade keeps its answers",
            fix="leave it out and set it in the service after the upgrade",
        )


def _check_tags(platform: Platform, component: str, old: PathVersion, new: PathVersion) -> None:
    """Refuse a version that is not what was published any more."""
    refs = platform.source_control.list_refs(new.repository, prefix="refs/tags/")
    now = refs.get(f"refs/tags/{new.version}", "")
    gone = [
        item
        for item in (old, new)
        if platform.source_control.find_commit(item.repository, item.commit) is None
    ]
    if not gone and now in (new.commit, ""):
        return
    moved = gone[0] if gone else new
    why = f"commit {moved.commit[:12]} is gone" if gone else f"its tag leads to {now[:12]} now"
    raise Refused(
        "PATH-TAG-MOVED",
        what=f"cannot upgrade '{component}' to {new.path} {new.version}",
        why=f"{moved.version} was published as commit {moved.commit[:12]}, and {why}",
        fix="ask the path's owner to move the tag back and publish the change as a new version",
        status=409,
    )


def render_upgrades(
    platform: Platform, found: Sequence[Upgrade]
) -> tuple[RenderedUpgrade | Refused, ...]:
    """Render the old and the new version for each, into the components' repositories.

    Versions that several share are rendered in one go; what one cannot render stops no other.
    """
    wanted = (
        [(item.old, item.link.answers) for item in found],
        [(item.new, item.answers) for item in found],
    )
    with ThreadPoolExecutor(len(wanted)) as pool:
        before, after = pool.map(partial(_render_all, platform), wanted)
    return tuple(
        _store(platform, item, *sides) for item, *sides in zip(found, before, after, strict=True)
    )


_Wanted = tuple[PathVersion, JsonObject]


def _render_all(platform: Platform, wanted: Sequence[_Wanted]) -> list[Rendering | Refused]:
    groups: dict[str, list[int]] = {}
    for index, (version, _) in enumerate(wanted):
        groups.setdefault(version.version, []).append(index)
    results: dict[int, Rendering | Refused] = {}
    for indices in groups.values():
        version = wanted[indices[0]][0]
        answers = [wanted[index][1] for index in indices]
        results.update(zip(indices, _render(platform, version, answers), strict=True))
    return [results[index] for index in range(len(wanted))]


def _render(
    platform: Platform, version: PathVersion, answers: list[JsonObject]
) -> Sequence[Rendering | Refused]:
    try:
        return scaffold_component.render_version(platform, version, answers)
    except Refused as problem:
        if len(answers) == 1:
            return [problem]
    return [_render(platform, version, [one])[0] for one in answers]


def _store(
    platform: Platform, item: Upgrade, before: Rendering | Refused, after: Rendering | Refused
) -> RenderedUpgrade | Refused:
    for side in (before, after):
        if isinstance(side, Refused):
            return side
    assert isinstance(before, Rendering)
    assert isinstance(after, Rendering)
    name = item.repository.name
    base, theirs = (platform.source_control.write_tree(name, side.tree) for side in (before, after))
    return RenderedUpgrade(base=base, theirs=theirs, answers=after.answers)


def merge_upgrade(platform: Platform, found: Upgrade, rendered: RenderedUpgrade) -> MergedUpgrade:
    """Merge the new version into what the default branch has now; no branch moves.

    Raises:
        Refused: SOURCE-EMPTY.
    """
    head = get_head(platform, found.repository)
    merge = platform.source_control.merge(
        found.repository.name,
        base=rendered.base,
        ours=head,
        theirs=rendered.theirs,
        name=f"{found.new.path} {found.new.version}",
    )
    return MergedUpgrade(head=head, tree=merge.tree, conflicts=merge.conflicts, notes=merge.notes)


def get_head(platform: Platform, repository: Repository) -> str:
    """Return the commit of the default branch.

    Raises:
        Refused: SOURCE-EMPTY.
    """
    ref = _HEADS + repository.default_branch
    head = platform.source_control.list_refs(repository.name, prefix=ref).get(ref)
    if head is None:
        raise Refused(
            "SOURCE-EMPTY",
            what=f"cannot upgrade what is in repository '{repository.name}'",
            why=f"its default branch '{repository.default_branch}' does not exist",
            fix="push it first",
            status=409,
        )
    return head


def read_files(platform: Platform, found: Upgrade, rendered: RenderedUpgrade) -> Tree:
    """Return what the new version renders."""
    return platform.source_control.read_tree(found.repository.name, rendered.theirs)


def list_conflict_documents(conflicts: Sequence[Conflict]) -> list[JsonValue]:
    """Return conflicts or notes as JSON."""
    return [{"path": item.path, "kind": item.kind, "text": item.text} for item in conflicts]
