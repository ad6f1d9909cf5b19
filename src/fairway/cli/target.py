"""What a delivery is asked for: a folder or a component, and where to.

Belongs here: the arguments that build, plan and deploy share, and sending a folder.
Start at `send_folder`.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import click

from fairway.cli import source
from fairway.cli.complete import complete_component, complete_environment
from fairway.cli.session import Session
from fairway.kits.canonical import JsonObject

ENVIRONMENT = click.option(
    "--env",
    "environment",
    metavar="ENV",
    required=True,
    shell_complete=complete_environment,
    help="Where.",
)
COMPONENT = click.argument("component", shell_complete=complete_component)
TESTS = click.option(
    "--no-tests",
    "is_tested",
    is_flag=True,
    flag_value=False,
    default=True,
    help="Do not run the service's tests.",
)
DETACH = click.option(
    "--detach",
    "is_detached",
    is_flag=True,
    help="Return once the plan is made; approval and rollout go on without you.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentFolder:
    """A folder that the platform has: the component's name, the source's digest, the commit."""

    component: str
    digest: str
    commit: JsonObject


def is_folder(target: str) -> bool:
    """Return whether `target` means a folder, and not a component of that name."""
    return os.sep in target or target in (".", "..") or Path(target).is_dir()


def send_folder(session: Session, folder: Path) -> SentFolder:
    """Check the folder's documents, say so, and send its source.

    Raises:
        Refused: what is wrong with it.
    """
    checked = source.check_folder(folder)
    session.say(f"  {'check':<9} {', '.join(checked.files):<56}   {click.style('ok', fg='green')}")
    return SentFolder(
        component=checked.component,
        digest=source.send_source(session.client, folder),
        commit=source.describe_commit(folder),
    )
