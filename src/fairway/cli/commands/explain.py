"""Where a value came from, and why."""

import itertools
import operator
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
    facts = ((fact.text("label"), fact.text("text")) for fact in answer.items("facts"))
    rows: list[tuple[str, str]] = []
    for label, group in itertools.groupby(facts, key=operator.itemgetter(0)):
        # The parts of a fact are three blanks apart; those of one label make columns.
        details = text.align((said.split("   ") for _, said in group), gap=3)
        rows += [(label if index == 0 else "", said) for index, said in enumerate(details)]
    yield from text.align(rows, gap=3, indent=2)
