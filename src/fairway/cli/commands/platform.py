"""Starting, stopping and asking the platform."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

import click

from fairway.cli import failure, lazy
from fairway.cli.answer import Answer
from fairway.cli.failure import Interrupted, Quit, Unreachable
from fairway.cli.session import Session, with_session
from fairway.cli.views import text
from fairway.settings import Settings

STOP_SECONDS = 60.0


@click.command()
@with_session(has_output=False)
def up(session: Session) -> None:
    """Start the platform on this machine.

    It runs until Ctrl-C; the workloads go on without it, until fairway down.
    """
    run = cast(
        "Callable[[Settings, Callable[[str, float], None]], None]",
        lazy.load("fairway.wiring.control_plane:run_control_plane"),
    )
    run(session.settings, lambda url, seconds: _say_ready(session.settings, url, seconds))


def _say_ready(settings: Settings, url: str, seconds: float) -> None:
    took = text.render_seconds(seconds)
    home = shorten_path(settings.home)
    click.echo(
        f"Fairway is ready in {took}   {click.style(url, bold=True)}   "
        f"(state: {home}, Ctrl-C stops it, workloads go on)"
    )


def shorten_path(path: Path) -> str:
    """Return a path with `~` for the person's home."""
    try:
        return f"~/{path.relative_to(Path.home())}"
    except ValueError:
        return str(path)


@click.command()
@with_session(has_output=False)
def down(session: Session) -> None:
    """Stop the platform and every workload; data stays."""
    session.client.post("/platform/down", {})
    deadline = time.monotonic() + STOP_SECONDS
    while time.monotonic() < deadline:
        try:
            session.client.get("/healthz")
        except (Unreachable, Interrupted):
            session.say(
                f"Stopped. All data stays in {shorten_path(session.settings.home)}; "
                "fairway up brings everything back."
            )
            return
        time.sleep(0.1)
    click.echo(f"error STILL-UP: cannot stop the platform within {STOP_SECONDS:.0f} s", err=True)
    raise Quit(failure.FAILED)


@click.command()
@with_session()
def doctor(session: Session) -> None:
    """Ask every part of the platform whether it is well.

    Exits with 1 when a part is not.
    """
    answer = session.client.get("/doctor")
    checks = answer.items("checks")
    session.show(answer.data, lambda: _render_checks(checks))
    if any(check.text("level") == "fail" for check in checks):
        raise Quit(failure.FAILED)


_LEVELS = {"ok": "green", "warn": "yellow", "fail": "red"}


def _render_checks(checks: tuple[Answer, ...]) -> list[str]:
    rows = [
        (
            click.style(check.text("level"), fg=_LEVELS.get(check.text("level"))),
            check.text("name"),
            check.text("text"),
        )
        for check in checks
    ]
    lines: list[str] = []
    for check, line in zip(checks, text.align(rows), strict=True):
        lines.append(line)
        if check.text("fix") and check.text("level") != "ok":
            lines.append(f"  fix: {check.text('fix')}")
    return lines


@click.group(hidden=True)
def agent() -> None:
    """Run the agent of this machine."""


@agent.command("run")
@click.option("--home", type=click.Path(path_type=Path), required=True)
def run_agent(home: Path) -> None:
    """Run the agent until it is told to stop."""
    run = cast("Callable[[Path], None]", lazy.load("fairway.wiring.agent:run"))
    run(home)
