"""Watching what a push started, to its end."""

import time
from collections.abc import Iterator

import click

from fairway.cli import failure, follow
from fairway.cli.answer import Answer
from fairway.cli.client import make_path
from fairway.cli.failure import Quit
from fairway.cli.follow import Display
from fairway.cli.session import Session, with_session
from fairway.cli.views import text
from fairway.cli.views.run_story import RunStory
from fairway.kits.canonical import JsonObject
from fairway.kits.errors import Refused

_COLORS = {"success": "green", "failure": "red", "superseded": "yellow"}
_CATALOG = "catalog"
_BUILD = "build"
_LOOK_AGAIN_SECONDS = 0.2
# After these nothing more happens to a commit.
_ENDS = ("failure", "superseded")


@click.command()
@click.argument("repository", metavar="NAME")
@click.option("--branch", help="The branch; the default one if not given.")
@with_session()
def watch(session: Session, repository: str, *, branch: str | None) -> None:
    """Follow what the newest push started.

    It shows builds and deployments to their end, and quits with 1 when one of them fails.
    """
    began = time.monotonic()
    about = session.client.get(make_path("repositories", repository))
    commit = _find_commit(session, about, branch or about.text("defaultBranch"))
    is_default = branch in (None, about.text("defaultBranch"))
    wanted = (about.texts("environments") if is_default else ()) or (_BUILD,)
    with follow.open_display(session) as display:
        statuses = [_follow(session, about, commit, context, display=display) for context in wanted]
    data: JsonObject = {"commit": commit, "statuses": [status.data for status in statuses]}
    session.show(data, lambda: _render(commit, statuses, seconds=time.monotonic() - began))
    if any(status.text("state") != "success" for status in statuses):
        raise Quit(failure.FAILED)


def _find_commit(session: Session, about: Answer, branch: str) -> str:
    name = about.text("name")
    path = make_path("repositories", name, "pushes")
    for push in session.client.get(path, {"branch": branch, "limit": 1}).items("items"):
        if push.text("after"):
            return push.text("after")
    raise Refused(
        "PUSH-NONE",
        what=f"cannot watch repository '{name}'",
        why=f"nothing was pushed to '{branch}' yet",
        fix=f"clone it and push: fairway clone {name}",
    )


def _follow(
    session: Session, about: Answer, commit: str, context: str, *, display: Display
) -> Answer:
    """Return the status of `context` once it is final; what is not started is waited for."""
    while True:
        statuses = _read_statuses(session, about, commit)
        found = statuses.pop(context, Answer({}))
        run = found.number("run")
        if found.text("state") == "pending" and run:
            component, get = about.text("component"), session.client.get
            story = RunStory(component, get, is_verbose=session.is_verbose)
            follow.follow_run(session.client, run, story, display)
        elif found:
            return found
        elif any(item.text("state") in _ENDS for item in statuses.values()):
            return Answer({"context": context, "state": "skipped", "text": "not reached"})
        time.sleep(_LOOK_AGAIN_SECONDS)


def _read_statuses(session: Session, about: Answer, commit: str) -> dict[str, Answer]:
    """Return what is said of the commit by context; the catalog stops nothing."""
    path = make_path("repositories", about.text("name"), "statuses", commit)
    items = session.client.get(path).items("items")
    return {item.text("context"): item for item in items if item.text("context") != _CATALOG}


def _render(commit: str, statuses: list[Answer], *, seconds: float) -> Iterator[str]:
    for status in statuses:
        state = status.text("state")
        word = click.style(state, fg=_COLORS.get(state))
        yield f"  {status.text('context')}   {word}   {status.text('text')}"
    yield f"Commit {commit[:7]} done in {text.render_seconds(seconds)}."
