"""Runs in a list, and one run with its steps.

Belongs here: `fairway events`.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

import click

from fairway.cli import failure as failures
from fairway.cli.answer import Answer
from fairway.cli.views import text

_COLORS = {"succeeded": "green", "failed": "red", "running": "yellow", "waiting": "yellow"}


def render(runs: Iterable[Answer], now: datetime | None) -> Iterator[str]:
    """Yield one line per run."""
    rows = [_make_row(run, now) for run in runs]
    if not rows:
        yield "No runs yet."
        yield "  next: fairway deploy DIR --env dev   (DIR holds a score.yaml)"
    yield from text.align(rows)


def _make_row(run: Answer, now: datetime | None) -> tuple[str, ...]:
    asked = run.at("input")
    release = run.at("output").text("release") or asked.text("release")
    return (
        run.text("id"),
        _style(run.text("state")),
        run.text("kind"),
        asked.text("component"),
        asked.text("environment"),
        f"release {release}" if release else "",
        f"{text.render_moment(run.text('createdAt'), now)} by {run.text('actor')}",
        _render_took(run),
    )


def _style(state: str) -> str:
    return click.style(state, fg=_COLORS.get(state))


def _render_took(record: Answer) -> str:
    try:
        began = datetime.fromisoformat(record.text("startedAt"))
        ended = datetime.fromisoformat(record.text("endedAt"))
    except ValueError:
        return ""
    return text.render_seconds((ended - began).total_seconds())


def render_run(run: Answer, now: datetime | None) -> Iterator[str]:
    """Yield a run, its steps and why it failed."""
    yield "run " + "  ".join(part for part in _make_row(run, now) if part)
    component = run.at("input").text("component")
    yield from text.align(
        (
            (
                _style(step.text("state")),
                step.text("kind"),
                text.shorten_node(step.text("name"), component),
                _render_took(step),
            )
            for step in run.items("steps")
        ),
        indent=2,
    )
    if run.at("failure"):
        yield from failures.render_failure(run.at("failure"))
