"""Who changed what: the audit log."""

from collections.abc import Iterator

import click

from fairway.cli.answer import Answer
from fairway.cli.session import Session, with_session
from fairway.cli.views import text


@click.command()
@click.argument("subject", required=False, default="")
@click.option("--after", type=click.IntRange(0), default=0, help="Only events after this number.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, help="At most so many.")
@with_session()
def audit(session: Session, subject: str, *, after: int, limit: int) -> None:
    """Show who changed what, in the order in which it happened.

    SUBJECT selects a thing and all below it, such as deployment/dev or run/118.
    """
    query = {"after": after, "limit": limit, **({"subject": subject} if subject else {})}
    page = session.client.get("/audit", query)
    session.show(page.data, lambda: _render(session, page))


def _render(session: Session, page: Answer) -> Iterator[str]:
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
