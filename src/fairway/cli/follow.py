"""Following a run to its end, through restarts of the control plane.

Belongs here: resuming a broken stream, showing progress, Ctrl-C. Start at `finish_run`.
"""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol, cast

import click

from fairway.cli import failure, lazy
from fairway.cli.answer import Answer
from fairway.cli.client import Client, Event
from fairway.cli.failure import ApiProblem, Interrupted, Quit, Unreachable
from fairway.cli.session import Session
from fairway.cli.views import run_end
from fairway.cli.views.run_story import RunStory

AWAY_SECONDS = 60.0
RETRY_SECONDS = 0.25


class Display(Protocol):
    """Where the story appears; a terminal also shows what happens now."""

    def say(self, line: str) -> None:
        """Print a line."""

    def show_activity(self, activity: str) -> None:
        """Say what happens now, until something else does."""


class _Plain:
    def say(self, line: str) -> None:
        click.echo(line)

    def show_activity(self, activity: str) -> None:
        """Nothing: what is printed stays."""


class _Silent(_Plain):
    def say(self, line: str) -> None:
        """Nothing: standard output is for the final document."""


def finish_run(session: Session, run: Answer, *, began: float, is_detached: bool = False) -> None:
    """Show the run until it is over, say what became of it, and quit with 1 if it failed.

    `began` is when the command did, by `time.monotonic`. Detached, it returns as soon as the
    plan is known.
    """
    number = run.number("id") or 0
    component = run.at("input").text("component")
    story = RunStory(component, session.client.get, is_verbose=session.is_verbose)

    def is_enough() -> bool:
        return is_detached and story.is_planned

    try:
        with open_display(session) as display:
            ended = follow_run(session.client, number, story, display, is_enough=is_enough)
    except KeyboardInterrupt:
        _say_left(session, number, story)
        raise Quit(failure.INTERRUPTED) from None
    seconds = time.monotonic() - began
    if ended.text("state") not in ("succeeded", "failed", "cancelled"):
        session.show(ended.data, lambda: (_describe_left(number, story),))
        return
    session.show(ended.data, lambda: run_end.render(ended, seconds=seconds))
    if ended.text("state") != "succeeded":
        raise Quit(failure.FAILED)


def follow_run(
    client: Client,
    number: int,
    story: RunStory,
    display: Display,
    *,
    is_enough: Callable[[], bool] = lambda: False,
) -> Answer:
    """Show the run's events until it is over or `is_enough`, and return the run."""
    last_id = ""
    patience = Patience(display.say)
    while True:
        try:
            for event in client.stream(f"/runs/{number}/events", last_event_id=last_id):
                patience.renew()
                if event.kind == "end":
                    return event.data
                _tell(story, display, number, event)
                last_id = event.id or last_id
                if is_enough():
                    return client.get(f"/runs/{number}")
            patience.wait(Interrupted("the stream ended before the run did"))
        except (Interrupted, Unreachable) as error:
            patience.wait(error)
        except ApiProblem as error:
            if failure.get_exit_code(error) != failure.TRY_AGAIN:
                raise
            patience.wait(error)


def _tell(story: RunStory, display: Display, number: int, event: Event) -> None:
    # All of it or nothing: looking something up may fail, and the event is then told again.
    for line in tuple(story.tell(number, event)):
        display.say(line)
    display.show_activity(story.activity)


class Patience:
    """Waits while the control plane is away, up to `AWAY_SECONDS` at a time, and says so once."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._since: float | None = None
        self._is_said = False

    def renew(self) -> None:
        """Begin anew: the control plane is there."""
        self._since = None
        self._is_said = False

    def wait(self, error: Exception) -> None:
        """Sleep a little; raise `error` when it has been long enough."""
        now = time.monotonic()
        if self._since is None:
            self._since = now
        if now - self._since > AWAY_SECONDS:
            raise error
        if isinstance(error, Unreachable) and not self._is_said:
            self._is_said = True
            self._say("  control plane is away, waiting …")
        time.sleep(RETRY_SECONDS)


def open_display(session: Session) -> AbstractContextManager[Display]:
    """Return where the story of a run goes."""
    if session.is_data:
        return nullcontext(_Silent())
    if not session.surroundings.is_terminal:
        return nullcontext(_Plain())
    make = cast(
        "Callable[[bool], AbstractContextManager[Display]]",
        lazy.load("fairway.cli.terminal:TerminalDisplay"),
    )
    return make(session.is_plain)


def _describe_left(number: int, story: RunStory) -> str:
    state = "waits for approval" if story.is_waiting else "goes on"
    return f"Run {number} {state}. Follow it: fairway events {number} -f"


def _say_left(session: Session, number: int, story: RunStory) -> None:
    session.say(_describe_left(number, story), f"  stop it: fairway cancel {number}")
