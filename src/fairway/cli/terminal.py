"""A live line on a terminal: what happens now and for how long.

Belongs here: everything that needs `rich`, which is imported only on terminals.
"""

import time
from types import TracebackType

import click
from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text


class TerminalDisplay:
    """Prints lines above a live one; the live line disappears at the end."""

    def __init__(self, is_plain: bool) -> None:  # noqa: FBT001 - made by name, in one place
        self._console = Console(no_color=is_plain, highlight=False)
        self._line = _LiveLine()
        self._live = Live(self._line, console=self._console, transient=True, refresh_per_second=8)

    def __enter__(self) -> "TerminalDisplay":
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def say(self, line: str) -> None:
        """Print a line above the live one."""
        self._console.print(Text.from_ansi(line), soft_wrap=True)

    def show_activity(self, activity: str) -> None:
        """Say what happens now; the seconds start anew when it changes."""
        self._line.set(activity)


class _LiveLine:
    def __init__(self) -> None:
        self._spinner = Spinner("dots", style="cyan")
        self._activity = ""
        self._since = time.monotonic()

    def set(self, activity: str) -> None:
        if activity != self._activity:
            self._activity, self._since = activity, time.monotonic()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        seconds = time.monotonic() - self._since
        activity = click.unstyle(self._activity)
        text = Text(f"{activity}   {seconds:.0f} s" if seconds >= 1 else activity)
        text.truncate(max(options.max_width - 4, 10), overflow="ellipsis")
        text.stylize("dim")
        self._spinner.update(text=text)
        yield self._spinner
