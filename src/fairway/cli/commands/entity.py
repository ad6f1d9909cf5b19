"""Reading entities: one, many, and what one was before."""

from collections.abc import Iterator

import click

from fairway.cli import reference
from fairway.cli.answer import Answer
from fairway.cli.session import Session, with_session
from fairway.cli.views import text
from fairway.formats.yaml import render as yaml
from fairway.kits import digest
from fairway.kits.canonical import JsonObject

_PAGE = 500


@click.command()
@click.argument("subject", metavar="KIND|REF")
@click.argument("name", required=False)
@with_session()
def get(session: Session, subject: str, name: str | None) -> None:
    """Print an entity's document.

    It can be changed and applied again. With -v, data holds the revision and relations too.
    """
    stored = session.client.get(reference.make_entity_path(subject, name))
    document = stored if session.is_verbose else stored.at("entity")
    session.show(document.data, lambda: _render_document(session, stored))


def _render_document(session: Session, stored: Answer) -> Iterator[str]:
    moment = text.render_moment(stored.text("updatedAt"), session.now)
    yield (
        f"# {stored.text('ref')}   revision {stored.text('revision')}   "
        f"{moment} by {stored.text('updatedBy')}   from {stored.text('location')}"
    )
    yield yaml.render_documents([stored.at("entity").data]).decode().rstrip("\n")
    if session.is_verbose:
        for relation in stored.items("relations"):
            yield f"# {relation.text('type')} {relation.text('targetRef')}"


@click.command("list")
@click.argument("kind", required=False)
@click.option("--text", "search", metavar="WORDS", help="Only those that hold these words.")
@click.option(
    "--filter", "filters", metavar="PATH=VALUE", multiple=True, help="Such as spec.type=service."
)
@click.option("--limit", type=click.IntRange(1), default=100, help="How many at most.")
@with_session()
def list_(
    session: Session, kind: str | None, *, search: str | None, filters: tuple[str, ...], limit: int
) -> None:
    """List entities."""
    items: list[Answer] = []
    cursor: str | None = None
    while True:
        page = session.client.get(
            "/entities",
            {
                "kind": kind,
                "text": search,
                "filter": filters,
                "limit": min(limit - len(items), _PAGE),
                "cursor": cursor,
            },
        )
        items += page.items("items")
        cursor = page.text("nextCursor")
        if not cursor or len(items) >= limit:
            break
    total = page.number("total") or len(items)
    data: JsonObject = {"items": [item.data for item in items], "total": total}
    session.show(data, lambda: _render_list(session, items, total))


def _render_list(session: Session, items: list[Answer], total: int) -> Iterator[str]:
    if not items:
        yield "No such entities."
        yield "  next: fairway apply -f catalog-info.yaml"
    rows = []
    for item in items:
        entity = item.at("entity")
        spec = entity.at("spec")
        rows.append(
            (
                item.text("ref"),
                spec.text("type"),
                spec.text("owner"),
                f"revision {item.text('revision')}",
                text.render_moment(item.text("updatedAt"), session.now),
                entity.at("metadata").text("title"),
            )
        )
    yield from text.align(rows)
    if total > len(items):
        yield f"{total - len(items)} more; see them with --limit {total}"


@click.command()
@click.argument("subject", metavar="KIND|REF")
@click.argument("name", required=False)
@with_session()
def history(session: Session, subject: str, name: str | None) -> None:
    """List an entity's revisions, newest first."""
    answer = session.client.get(f"{reference.make_entity_path(subject, name)}/history")
    session.show(answer.data, lambda: _render_history(session, answer))


def _render_history(session: Session, answer: Answer) -> Iterator[str]:
    rows = [
        (
            f"revision {item.text('revision')}",
            digest.shorten(item.text("digest")),
            text.render_moment(item.text("updatedAt"), session.now),
            f"by {item.text('updatedBy')}",
            "deleted" if item.flag("isDeleted") else item.text("location"),
        )
        for item in answer.items("items")
    ]
    yield from text.align(rows)
