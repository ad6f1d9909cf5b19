"""Planning: what a deployment would change, and why."""

from pathlib import Path

import click

from fairway.cli import failure, follow
from fairway.cli.client import make_path
from fairway.cli.commands.build import start_build
from fairway.cli.failure import Quit
from fairway.cli.session import Session, with_session
from fairway.cli.target import ENVIRONMENT, TESTS, is_folder
from fairway.cli.views import plan as plan_view
from fairway.cli.views import run_end
from fairway.cli.views.run_story import RunStory
from fairway.kits.errors import Problem


@click.command()
@click.argument("target", metavar="DIR|COMPONENT")
@ENVIRONMENT
@click.option("--release", type=click.IntRange(1), help="The release; the newest if not given.")
@TESTS
@with_session()
def plan(
    session: Session, target: str, *, environment: str, release: int | None, is_tested: bool
) -> None:
    """Show what a deployment would change, and why.

    A folder is built first; nothing is deployed. Exits with 0 when there is nothing to do, 2
    when there are changes, and 1 when they cannot be made.
    """
    try:
        _plan(session, target, environment, release, is_tested=is_tested)
    except Problem as problem:
        # 2 already says that there are changes.
        if failure.get_exit_code(problem) != failure.REFUSED:
            raise
        for line in failure.render(problem):
            click.echo(line, err=True)
        raise Quit(failure.FAILED) from problem


def _plan(
    session: Session, target: str, environment: str, release: int | None, *, is_tested: bool
) -> None:
    component = target
    if release is None and is_folder(target):
        component, release = _build(session, Path(target), is_tested=is_tested)
    path = make_path("environments", environment, "deployments", component, "plan")
    made = session.client.post(path, {} if release is None else {"release": release})
    session.show(made.data, lambda: plan_view.render(made, is_verbose=session.is_verbose))
    if plan_view.count_denials(made):
        raise Quit(failure.FAILED)
    if not plan_view.is_noop(made):
        raise Quit(failure.CHANGES)


def _build(session: Session, folder: Path, *, is_tested: bool) -> tuple[str, int | None]:
    """Build the folder and return its component and release."""
    run = start_build(session, folder, is_tested=is_tested)
    component = run.at("input").text("component")
    story = RunStory(component, session.client.get, is_verbose=session.is_verbose)
    with follow.open_display(session) as display:
        ended = follow.follow_run(session.client, run.number("id") or 0, story, display)
    if ended.text("state") != "succeeded":
        for line in run_end.render(ended, seconds=0):
            click.echo(line, err=True)
        raise Quit(failure.FAILED)
    return component, ended.at("output").number("release")
