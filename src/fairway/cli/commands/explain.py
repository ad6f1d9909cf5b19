"""Where a value came from, and why."""

from collections.abc import Iterator

import click

from fairway.cli.answer import Answer
from fairway.cli.session import Session, with_session
from fairway.cli.views import text


@click.command()
@click.argument("path")
@with_session()
def explain(session: Session, path: str) -> None:
    """Say where a value came from, and why.

    PATH is COMPONENT.ENVIRONMENT.VALUE, such as
    orders.dev.containers.main.variables.DATABASE_URL or orders.dev.resources.db
    """
    answer = session.client.get("/explain", {"path": path})
    session.show(answer.data, lambda: _render(answer))


def _render(answer: Answer) -> Iterator[str]:
    yield answer.text("value")
    rows = []
    previous = ""
    for fact in answer.items("facts"):
        label = fact.text("label")
        rows.append((label if label != previous else "", fact.text("text")))
        previous = label
    yield from text.align(rows, gap=3, indent=2)
