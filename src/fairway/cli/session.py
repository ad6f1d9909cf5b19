"""What every command gets: settings, the client, and a way to say things.

Belongs here: the options that all commands share, and choosing between a table and data.
Start at `Session`.
"""

import functools
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Concatenate, ParamSpec, TextIO, TypeVar, cast

import click

from fairway import settings as settings_module
from fairway.cli import lazy
from fairway.cli.client import Client
from fairway.kits.canonical import JsonValue
from fairway.kits.errors import Refused
from fairway.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")
FORMATS = ("table", "json", "yaml")


def _is_terminal(*streams: TextIO) -> bool:
    return all(stream.isatty() for stream in streams)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Where the command runs; tests give their own."""

    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    is_terminal: bool = field(default_factory=lambda: _is_terminal(sys.stdout))
    can_ask: bool = field(default_factory=lambda: _is_terminal(sys.stdin, sys.stderr))
    get_now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One command's run."""

    surroundings: Surroundings
    settings: Settings
    client: Client
    output: str = "table"
    is_verbose: bool = False
    is_plain: bool = False

    @property
    def is_data(self) -> bool:
        """Whether standard output is for a program."""
        return self.output != "table"

    @property
    def now(self) -> datetime | None:
        """The moment to which people see times relative; None where they get RFC 3339."""
        return self.surroundings.get_now() if self.surroundings.is_terminal else None

    def say(self, *lines: str) -> None:
        """Print lines for people; silent where the output is data."""
        if not self.is_data:
            for line in lines:
                click.echo(line)

    def show(self, value: JsonValue, lines: Callable[[], Iterable[str]] | None = None) -> None:
        """Print an answer: as data when that was asked for, else the `lines` for people."""
        if self.output == "json":
            click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=dict))
        elif self.output == "yaml":
            render = cast(
                "Callable[[Iterable[object]], bytes]",
                lazy.load("fairway.formats.yaml.render:render_documents"),
            )
            click.echo(render([value]).decode(), nl=False)
        elif lines is not None:
            self.say(*lines())


def with_session(
    *, has_output: bool = True
) -> Callable[[Callable[Concatenate[Session, P], R]], Callable[P, R]]:
    """Give a command its session as first argument, and the options that all commands share."""

    def decorate(command: Callable[Concatenate[Session, P], R]) -> Callable[P, R]:
        @functools.wraps(command)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            return command(_open_session(kwargs), *args, **kwargs)

        options = [
            click.option("-v", "--verbose", "_verbose", is_flag=True, help="Show more."),
            click.option("--no-color", "_no_color", is_flag=True, help="Print without colours."),
        ]
        if has_output:
            options.append(
                click.option(
                    "-o",
                    "--output",
                    "_output",
                    type=click.Choice(FORMATS),
                    default="table",
                    help="How to show the answer.",
                )
            )
        wrapped = run
        for option in options:
            wrapped = option(wrapped)
        return wrapped

    return decorate


def _open_session(options: dict[str, object]) -> Session:
    """Return the session that the shared options ask for, and take these out of `options`."""
    context = click.get_current_context()
    surroundings = context.find_object(Surroundings) or Surroundings()
    is_plain = bool(options.pop("_no_color")) or bool(surroundings.environ.get("NO_COLOR"))
    if is_plain:
        context.color = False
    settings = settings_module.read_settings(surroundings.environ)
    return Session(
        surroundings=surroundings,
        settings=settings,
        client=Client(settings.url, settings.token),
        output=str(options.pop("_output", "table")),
        is_verbose=bool(options.pop("_verbose")),
        is_plain=is_plain,
    )


def ask(question: str, *, is_sure: bool, can_ask: bool) -> None:
    """Ask before something is lost; `is_sure` (`--yes`) answers already.

    Raises:
        Refused: YES-NEEDED, there is nobody to ask.
        click.Abort: the answer is no.
    """
    if is_sure:
        return
    if not can_ask:
        raise Refused(
            "YES-NEEDED",
            what="cannot go on without a yes",
            why="there is no terminal to ask on",
            fix="read what would be lost, then run it again with --yes",
        )
    click.confirm(question, abort=True, err=True)
