"""The platform's own processes, started by the platform."""

from collections.abc import Callable
from pathlib import Path
from typing import cast

import click

from fairway.cli import lazy


@click.group(hidden=True)
def agent() -> None:
    """Run the agent of this machine."""


@agent.command("run")
@click.option("--home", type=click.Path(path_type=Path), required=True)
def run_agent(home: Path) -> None:
    """Run the agent until it is told to stop."""
    run = cast("Callable[[Path], None]", lazy.load("fairway.wiring.agent:run"))
    run(home)
