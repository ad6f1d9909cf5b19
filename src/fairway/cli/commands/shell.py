"""What a shell asks for: completion and the version."""

import click
from click import shell_completion

import fairway
from fairway.cli.failure import Interrupted, Unreachable
from fairway.cli.session import Session, with_session


@click.command()
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def completion(shell: str) -> None:
    """Print a shell's completion script.

    For bash: eval "$(fairway completion bash)"
    """
    found = shell_completion.get_completion_class(shell)
    assert found is not None
    root = click.get_current_context().find_root().command
    click.echo(found(root, {}, "fairway", "_FAIRWAY_COMPLETE").source())


@click.command()
@with_session()
def version(session: Session) -> None:
    """Print the version.

    With -v the control plane's too.
    """
    data = {"version": fairway.__version__}
    if session.is_verbose:
        data |= {"url": session.client.url, "controlPlane": _ask_version(session)}
    lines = [f"fairway {fairway.__version__}"]
    if session.is_verbose:
        lines.append(f"control plane {data['controlPlane'] or 'away'} at {data['url']}")
    session.show(data, lambda: lines)


def _ask_version(session: Session) -> str:
    try:
        return session.client.get("/healthz").text("version")
    except (Unreachable, Interrupted):
        return ""
