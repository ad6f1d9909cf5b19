"""A component's log, live or as it was."""

import json
from collections.abc import Iterator

import click

from fairway.cli.answer import Answer
from fairway.cli.client import Query, make_path
from fairway.cli.failure import Interrupted, Unreachable
from fairway.cli.follow import Patience
from fairway.cli.session import Session, with_session
from fairway.cli.target import COMPONENT, ENVIRONMENT

DEFAULT_TAIL = 200
_COLORS = ("cyan", "magenta", "green", "yellow", "blue")


@click.command()
@COMPONENT
@ENVIRONMENT
@click.option("-f", "--follow", "is_following", is_flag=True, help="Wait for more.")
@click.option(
    "--tail", type=click.IntRange(0), default=DEFAULT_TAIL, help="Begin so many lines ago."
)
@click.option("--release", type=click.IntRange(1), help="Only what this release wrote.")
@with_session()
def logs(
    session: Session,
    component: str,
    *,
    environment: str,
    is_following: bool,
    tail: int,
    release: int | None,
) -> None:
    """Show a component's log.

    With --output json, each line is a JSON object.
    """
    path = make_path("environments", environment, "deployments", component, "logs")
    query = {"follow": is_following, "tail": tail, "release": release}
    for line in _read(session, path, query, is_following=is_following):
        if session.is_data:
            click.echo(json.dumps(line.data, ensure_ascii=False, default=dict))
        else:
            click.echo(_render(line, is_verbose=session.is_verbose))


def _read(session: Session, path: str, query: Query, *, is_following: bool) -> Iterator[Answer]:
    """Yield lines; while following, through restarts of the control plane."""
    last_id = ""
    has_begun = False
    patience = Patience(lambda said: click.echo(said, err=True))
    while True:
        try:
            for event in session.client.stream(path, query, last_event_id=last_id):
                patience.renew()
                has_begun = True
                if event.kind == "end":
                    return
                last_id = event.id or last_id
                if event.kind != "open":
                    yield event.data
            raise Interrupted("the stream ended before the log did")
        except (Interrupted, Unreachable) as error:
            if not (is_following and has_begun):
                raise
            patience.wait(error)


def _render(line: Answer, *, is_verbose: bool) -> str:
    instance = line.text("instance")
    color = _COLORS[sum(instance.encode()) % len(_COLORS)]
    head = click.style(instance, fg=color)
    at = f"{line.text('at')} " if is_verbose else ""
    return f"{at}{head} {line.text('text')}"
