"""What runs where."""

from collections.abc import Iterator

import click

from fairway.cli.answer import Answer
from fairway.cli.client import make_path
from fairway.cli.complete import complete_component
from fairway.cli.session import Session, with_session
from fairway.cli.views import component_status


@click.command()
@click.argument("component", required=False, shell_complete=complete_component)
@with_session()
def status(session: Session, component: str | None) -> None:
    """Show what runs where, at which release."""
    if component is not None:
        found = session.client.get(make_path("components", component))
        session.show(found.data, lambda: _render(session, (found,)))
        return
    answer = session.client.get("/components")
    session.show(answer.data, lambda: _render(session, answer.items("items")))


def _render(session: Session, components: tuple[Answer, ...]) -> Iterator[str]:
    if not components:
        yield "Nothing is deployed yet."
        yield "  next: fairway deploy DIR --env dev   (DIR holds a score.yaml)"
    for index, component in enumerate(components):
        if index:
            yield ""
        yield from component_status.render(component, session.now, is_verbose=session.is_verbose)
