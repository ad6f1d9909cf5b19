"""Removing a component from where it runs, or an entity.

Belongs here: the preview of what is lost, the question, and then exactly what was previewed.
"""

import time
from collections.abc import Iterator

import click

from fairway.cli import failure, follow, reference
from fairway.cli.answer import Answer
from fairway.cli.client import make_path
from fairway.cli.failure import Quit
from fairway.cli.session import Session, ask, with_session
from fairway.cli.views import plan as plan_view
from fairway.cli.views import text
from fairway.kits import digest
from fairway.kits.errors import Refused


@click.command()
@click.argument("subject", metavar="COMPONENT|KIND|REF")
@click.argument("name", required=False)
@click.option("--env", "environment", metavar="ENV", help="Only from this environment.")
@click.option("-y", "--yes", "is_sure", is_flag=True, help="Do not ask.")
@with_session()
def delete(
    session: Session, subject: str, name: str | None, *, environment: str | None, is_sure: bool
) -> None:
    """Remove a component from where it runs, or an entity.

    COMPONENT is removed from ENV, or without --env from every environment where something of it
    is, the last in the order of promotion first. KIND NAME (or kind:namespace/name) removes an
    entity from the catalog. What would be lost is shown first.
    """
    if name is None and ":" not in subject:
        _delete_component(session, subject, environment, is_sure=is_sure)
    elif environment is not None:
        raise click.UsageError("--env is for components; an entity has no environment.")
    else:
        _delete_entity(session, reference.make_entity_path(subject, name), is_sure=is_sure)


def _delete_component(
    session: Session, component: str, environment: str | None, *, is_sure: bool
) -> None:
    environments = (environment,) if environment else _list_environments(session, component)
    plans = [_plan_removal(session, component, name) for name in environments]
    for plan in plans:
        session.say(*render_removal(plan))
    question = f"Remove {component} from {', '.join(environments)}?"
    ask(question, is_sure=is_sure, can_ask=session.surroundings.can_ask)
    began = time.monotonic()
    # All of them begin before one is watched: it may wait for an approval.
    runs = [
        session.client.post(make_path("plans", plan.text("digest"), "apply"), {}) for plan in plans
    ]
    succeeded = [_has_succeeded(session, run, began=began) for run in runs]
    if not all(succeeded):
        raise Quit(failure.FAILED)


def _has_succeeded(session: Session, run: Answer, *, began: float) -> bool:
    try:
        follow.finish_run(session, run, began=began)
    except Quit as end:
        if end.exit_code != failure.FAILED:
            raise
        return False
    return True


def _list_environments(session: Session, component: str) -> tuple[str, ...]:
    status = session.client.get(make_path("components", component))
    names = [item.text("environment") for item in status.items("environments")
             if item.at("release")]  # fmt: skip
    if not names:
        raise Refused(
            "NOTHING-DEPLOYED",
            what=f"cannot remove '{component}'",
            why="nothing of it is deployed",
            fix="see what is with: fairway status",
        )
    return tuple(reversed(names))


def _plan_removal(session: Session, component: str, environment: str) -> Answer:
    path = make_path("environments", environment, "deployments", component, "plan")
    return session.client.post(path, {"remove": True})


def render_removal(plan: Answer) -> Iterator[str]:
    """Yield what a removal takes away, and what is lost with it."""
    component, environment = plan.text("component"), plan.text("environment")
    name = digest.shorten(plan.text("digest"))
    yield f"Removing {component} from {environment} takes away   ({name})"
    rows = []
    for step in plan.items("steps"):
        is_kept = step.text("action") == "keep"
        mark = plan_view.MARKS.get(step.text("action"), "?")
        why = "; ".join(reason.text("text") for reason in step.items("reasons")) if is_kept else ""
        loses = f"LOSES DATA ({step.text('loses')})" if step.text("loses") else ""
        rows.append(
            (
                click.style(mark, fg=plan_view.COLORS.get(step.text("action"))),
                text.describe_node(step.text("node"), component),
                click.style(loses, fg="red", bold=True) if loses else why,
            )
        )
    yield from text.align(rows, indent=2)
    yield from plan_view.render_findings(plan)


def _delete_entity(session: Session, path: str, *, is_sure: bool) -> None:
    stored = session.client.get(path)
    session.say(f"{stored.text('ref')}, revision {stored.text('revision')}; its history stays.")
    question = f"Delete {stored.text('ref')}?"
    ask(question, is_sure=is_sure, can_ask=session.surroundings.can_ask)
    change = session.client.delete(path, revision=stored.number("revision"))
    session.show(change.data, lambda: (f"Deleted {stored.text('ref')}.",))
