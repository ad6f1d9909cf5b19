"""Git on this machine, with the platform's token.

Belongs here: cloning, and giving git the token when it asks. The token is written into no
repository.
"""

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import click

from fairway.cli.client import make_path
from fairway.cli.failure import Quit
from fairway.cli.session import Session, with_session
from fairway.kits.errors import Refused

# Where to find the platform; a token in the surroundings is not among them.
_PASSED = ("FAIRWAY_HOME", "FAIRWAY_URL")


@click.command()
@click.argument("name")
@click.argument("folder", required=False, type=click.Path())
@with_session(has_output=False)
def clone(session: Session, name: str, folder: str | None) -> None:
    """Clone a repository for plain git.

    Git asks fairway for the token whenever it fetches or pushes.
    """
    url = session.client.get(make_path("repositories", name)).text("cloneUrl")
    command = ["git", "clone", *make_settings(session, url)]
    try:
        done = subprocess.run([*command, "--", url, *([folder] if folder else [])], check=False)
    except OSError as error:
        raise refuse_git(f"clone repository '{name}'", error) from error
    if done.returncode:
        raise Quit(done.returncode)


@click.command("git-credential")
@click.argument("operation")
@with_session(has_output=False)
def git_credential(session: Session, operation: str) -> None:
    """Answer git's question for a password with the token.

    See gitcredentials(7): git starts it, and people need not.
    """
    asked = _read_question(sys.stdin.read())
    server = f"{asked.get('protocol')}://{asked.get('host')}"
    if operation == "get" and session.settings.token and server == _get_server(session.client.url):
        click.echo("username=fairway")
        click.echo(f"password={session.settings.token}")


def make_settings(session: Session, url: str) -> tuple[str, ...]:
    """Return git's options by which it asks fairway for the token of the server of `url`."""
    scope = f"credential.{_get_server(url)}.helper"
    return ("-c", f"{scope}=", "-c", f"{scope}={_make_helper(session)}")


def refuse_git(verb: str, error: OSError) -> Refused:
    """Return the refusal of a command that could not start git."""
    return Refused(
        "GIT-MISSING",
        what=f"cannot {verb}",
        why=f"git: {(error.strerror or str(error)).lower()}",
        fix="install git",
    )


def _read_question(lines: str) -> Mapping[str, str]:
    pairs = (line.partition("=") for line in lines.splitlines())
    return {key: value for key, _, value in pairs}


def _get_server(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _make_helper(session: Session) -> str:
    program = Path(sys.argv[0]).absolute()
    is_program = program.name == "fairway" and os.access(program, os.X_OK)
    command = [str(program)] if is_program else [sys.executable, "-m", "fairway"]
    environ = session.surroundings.environ
    passed = [f"{name}={shlex.quote(environ[name])}" for name in _PASSED if environ.get(name)]
    return "!" + " ".join([*passed, shlex.join([*command, "git-credential"])])
