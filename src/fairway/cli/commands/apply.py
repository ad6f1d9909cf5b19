"""Applying documents, and what that would change."""

from collections.abc import Iterator

import click

from fairway.cli import documents, failure
from fairway.cli.answer import Answer
from fairway.cli.failure import Quit
from fairway.cli.session import Session, with_session
from fairway.cli.views import text
from fairway.kits.canonical import JsonObject
from fairway.kits.errors import Refused

_MARKS = {"created": ("+", "green"), "updated": ("~", "yellow"), "deleted": ("-", "red")}
# Documents of components, which reach the platform with a release.
_WORKLOADS = ("score.yaml", "score.yml")
_FILES = click.option(
    "-f",
    "--file",
    "paths",
    metavar="PATH|-",
    multiple=True,
    required=True,
    help="A file, a folder or - for standard input; may be given again.",
)


@click.command()
@_FILES
@with_session()
def apply(session: Session, *, paths: tuple[str, ...]) -> None:
    """Apply documents, all of them or none."""
    answer = session.client.post("/entities", _read(paths))
    session.show(answer.data, lambda: _render(answer.items("changes"), session))


@click.command()
@_FILES
@with_session()
def diff(session: Session, *, paths: tuple[str, ...]) -> None:
    """Show what applying documents would change.

    Exits with 0 when nothing would change, else with 2.
    """
    answer = session.client.post("/entities", _read(paths), {"dryRun": True})
    changes = answer.items("changes")
    session.show(answer.data, lambda: _render(changes, session, is_detailed=True))
    if any(change.text("action") != "unchanged" for change in changes):
        raise Quit(failure.CHANGES)


def _read(paths: tuple[str, ...]) -> JsonObject:
    return {
        "files": [
            {"name": name, "content": _decode(name, content)}
            for name, content in documents.read_files(paths, leave_out=_WORKLOADS)
        ]
    }


def _decode(name: str, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise Refused(
            "YAML-INVALID",
            what=f"cannot read '{name}'",
            why=f"byte {error.start + 1} is not UTF-8",
            fix="save the file as UTF-8",
        ) from error


def _render(
    changes: tuple[Answer, ...], session: Session, *, is_detailed: bool = False
) -> Iterator[str]:
    moved = [change for change in changes if change.text("action") != "unchanged"]
    shown = changes if session.is_verbose else moved
    for change in shown:
        mark, color = _MARKS.get(change.text("action"), ("=", ""))
        said = f"{mark} {change.text('action'):<9} {change.text('ref')}"
        yield click.style(f"{said}   revision {change.text('revision')}", fg=color or None)
        if is_detailed or session.is_verbose:
            yield from text.align(map(_make_row, change.items("changes")), indent=4)
    unchanged = len(changes) - len(moved)
    if not moved:
        yield f"Nothing to change: {text.count(unchanged, 'document')} as applied before."
    elif unchanged and not session.is_verbose:
        yield f"{text.count(unchanged, 'document')} unchanged."


def _make_row(change: Answer) -> tuple[str, str]:
    return change.text("path"), f"{change.text('before', '-')} → {change.text('after', '-')}"
