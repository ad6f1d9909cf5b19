"""Putting a service that is there already on a golden path.

Belongs here: the link alone; nothing of the service changes until its first upgrade.
"""

from fairway.core.audit.event import AuditEvent
from fairway.core.golden_path.golden_path import PathLink
from fairway.core.source.tree import make_file_digests
from fairway.kits.errors import Refused
from fairway.usecases.access import rights
from fairway.usecases.golden_path.scaffold_component import (
    ScaffoldRequest,
    check_answers,
    find_version,
    render_version,
)
from fairway.usecases.platform import Actor, Platform
from fairway.usecases.source import manage_repositories


def adopt_component(platform: Platform, actor: Actor, request: ScaffoldRequest) -> PathLink:
    """Link the repository of the request's name to a golden path, as if it were made from it.

    What it lacks or has changed shows as drift, and upgrades merge what is new.

    Raises:
        Refused: REPOSITORY-UNKNOWN, ACCESS-DENIED, PATH-UNKNOWN, PATH-VERSION-UNKNOWN,
            PATH-LINKED, PARAMETER-INVALID, and what the renderer refuses.
    """
    with platform.store.read() as tx:
        repository = manage_repositories.get_repository(tx, request.name)
        chosen = find_version(tx, request.path, request.version)
        known = tx.golden_paths.find_link(repository.component or request.name)
    rights.check_owner(actor, repository.owner, what=f"adopt '{request.name}'")
    if known is not None:
        raise Refused(
            "PATH-LINKED",
            what=f"cannot adopt '{request.name}'",
            why=f"it is on golden path '{known.path}' {known.version} already",
            fix=f"upgrade it with: fairway path upgrade {request.name}",
            status=409,
        )
    named = {"name": request.name, "owner": repository.owner}
    answers = check_answers(platform, chosen, {**request.answers, **named})
    (rendering,) = render_version(platform, chosen, [answers])
    now = platform.clock.now()
    with platform.store.write() as tx:
        link = tx.golden_paths.put_link(
            PathLink(
                component=repository.component or request.name,
                repository=repository.name,
                path=chosen.path,
                version=chosen.version,
                answers=rendering.answers,
                files=make_file_digests(rendering.tree),
                updated_at=now,
            )
        )
        tx.audit.append(
            AuditEvent(
                type="component.adopted",
                subject=f"repository/{repository.name}",
                actor=actor.name,
                at=now,
                data={"path": chosen.path, "version": chosen.version},
            )
        )
    return link
