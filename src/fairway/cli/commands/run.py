"""Runs: approving, cancelling, and what happened, to a run or to anything."""

import time
from collections.abc import Iterator

import click

from fairway.cli import follow
from fairway.cli.answer import Answer
from fairway.cli.client import make_path
from fairway.cli.session import Session, with_session
from fairway.cli.views import run_list, text
from fairway.kits import digest
from fairway.kits.errors import Refused

# Digests are shown with seven digits; a run's number is shorter for long.
_SHORTEST_DIGEST = 7


@click.command()
@click.argument("plan", metavar="PLAN|RUN")
@click.option("-m", "--comment", default="", help="A remark that is kept with the approval.")
@with_session()
def approve(session: Session, plan: str, *, comment: str) -> None:
    """Say yes to a plan that waits for it.

    PLAN is a digest or the start of one; a RUN means the plan that it waits with.
    """
    name = _find_plan(session, int(plan)) if _is_run(plan) else plan
    answer = session.client.post(make_path("plans", name, "approve"), {"comment": comment})
    session.show(answer.data, lambda: _render_approval(session, answer))


def _is_run(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < _SHORTEST_DIGEST


def _find_plan(session: Session, run: int) -> str:
    plan = session.client.get(f"/runs/{run}").at("output").text("plan")
    if not plan:
        raise Refused(
            "PLAN-UNKNOWN",
            what=f"cannot approve run {run}",
            why="it has made no plan yet",
            fix=f"see how far it is with: fairway events {run}",
        )
    return plan


def _render_approval(session: Session, plan: Answer) -> Iterator[str]:
    name = digest.shorten(plan.text("digest"))
    yield f"Approved plan {name} of {plan.text('component')} for {plan.text('environment')}."
    run = session.client.get(make_path("plans", plan.text("digest"))).number("run")
    if run is not None:
        yield f"  follow it: fairway events {run} -f"


@click.command()
@click.argument("run", type=click.IntRange(1))
@with_session()
def cancel(session: Session, run: int) -> None:
    """Stop a run and lead back what it changed."""
    answer = session.client.post(f"/runs/{run}/cancel", {})
    said = f"Run {run} is being stopped. Follow it: fairway events {run} -f"
    session.show(answer.data, lambda: (said,))


@click.command()
@click.argument("subject", metavar="[RUN|COMPONENT]", required=False)
@click.option("-f", "--follow", "is_following", is_flag=True, help="Follow RUN to its end.")
@click.option("--env", "environment", metavar="ENV", help="Only runs in this environment.")
@click.option("--limit", type=click.IntRange(1, 500), default=20, help="How many runs at most.")
@with_session()
def events(
    session: Session,
    subject: str | None,
    *,
    is_following: bool,
    environment: str | None,
    limit: int,
) -> None:
    """Show runs, or what happened in one."""
    if subject is not None and subject.isascii() and subject.isdecimal():
        _show_run(session, int(subject), is_following=is_following)
        return
    if is_following:
        raise click.UsageError("Say which run to follow: fairway events RUN -f")
    query = {"component": subject, "environment": environment, "limit": limit}
    answer = session.client.get("/runs", query)
    session.show(answer.data, lambda: run_list.render(answer.items("items"), session.now))


def _show_run(session: Session, number: int, *, is_following: bool) -> None:
    run = session.client.get(f"/runs/{number}")
    if is_following:
        follow.finish_run(session, run, began=time.monotonic())
        return
    session.show(run.data, lambda: run_list.render_run(run, session.now))


@click.command()
@click.argument("subject", required=False, default="")
@click.option("--after", type=click.IntRange(0), default=0, help="Only events after this number.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, help="At most so many.")
@with_session()
def audit(session: Session, subject: str, *, after: int, limit: int) -> None:
    """Show who changed what, in the order in which it happened.

    SUBJECT selects a thing and all below it, such as deployment/dev or run/118.
    """
    query = {"after": after, "limit": limit, "subject": subject or None}
    page = session.client.get("/audit", query)
    session.show(page.data, lambda: _render_audit(session, page))


def _render_audit(session: Session, page: Answer) -> Iterator[str]:
    yield from text.align(
        (
            event.text("sequence"),
            text.render_moment(event.text("at"), session.now),
            event.text("actor"),
            event.text("type"),
            event.text("subject"),
        )
        for event in page.items("items")
    )
    if page.number("next") is not None:
        yield f"  more: fairway audit --after {page.number('next')}"
