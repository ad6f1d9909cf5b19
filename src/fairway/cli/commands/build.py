"""Building a folder into a release."""

import time
from pathlib import Path

import click

from fairway.cli import follow
from fairway.cli.answer import Answer
from fairway.cli.session import Session, with_session
from fairway.cli.target import TESTS, send_folder


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@TESTS
@with_session()
def build(session: Session, folder: Path, *, is_tested: bool) -> None:
    """Build a folder into a release, deploying nothing."""
    began = time.monotonic()
    follow.finish_run(session, start_build(session, folder, is_tested=is_tested), began=began)


def start_build(session: Session, folder: Path, *, is_tested: bool) -> Answer:
    """Send the folder and return the run that builds it."""
    sent = send_folder(session, folder)
    return session.client.post(
        "/builds",
        {
            "component": sent.component,
            "source": sent.digest,
            "commit": sent.commit,
            "tests": is_tested,
        },
    )
