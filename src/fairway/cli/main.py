"""The command `fairway`: its table of commands, and how every error ends it.

Belongs here: which command is in which module, exit codes of what escapes a command. Never
here: a command. Start at `main`.
"""

import os
import sys
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import cast

import click

import fairway
from fairway.cli import failure, lazy
from fairway.cli.failure import Interrupted, Quit
from fairway.kits.errors import Problem
from fairway.settings import SettingError


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command is, and its line in the overview."""

    path: str
    help: str


_AT = "fairway.cli.commands."
SECTIONS: dict[str, dict[str, Entry]] = {
    "Golden paths and source": {
        "new": Entry(f"{_AT}source.new:new", "Make a service from a golden path."),
        "clone": Entry(f"{_AT}source.clone:clone", "Clone a repository for plain git."),
        "repo": Entry(f"{_AT}source.repo:repo", "See, create and change repositories."),
        "path": Entry(f"{_AT}source.path:path", "See, check, publish and upgrade golden paths."),
        "watch": Entry(f"{_AT}source.watch:watch", "Follow what the newest push started."),
    },
    "Ship": {
        "deploy": Entry(f"{_AT}deploy:deploy", "Build a folder and deploy it, or a release."),
        "plan": Entry(f"{_AT}plan:plan", "Show what a deployment would change, and why."),
        "build": Entry(f"{_AT}build:build", "Build a folder into a release, deploying nothing."),
        "promote": Entry(f"{_AT}deploy:promote", "Deploy to one environment what runs in another."),
        "rollback": Entry(f"{_AT}deploy:rollback", "Go back to an earlier release."),
        "approve": Entry(f"{_AT}run:approve", "Say yes to a plan that waits for it."),
        "cancel": Entry(f"{_AT}run:cancel", "Stop a run and lead back what it changed."),
        "delete": Entry(
            f"{_AT}delete:delete", "Remove a component from where it runs, or an entity."
        ),
    },
    "See": {
        "status": Entry(f"{_AT}status:status", "Show what runs where, at which release."),
        "logs": Entry(f"{_AT}logs:logs", "Show a component's log."),
        "events": Entry(f"{_AT}run:events", "Show runs, or what happened in one."),
        "audit": Entry(
            f"{_AT}run:audit", "Show who changed what, in the order in which it happened."
        ),
        "explain": Entry(f"{_AT}explain:explain", "Say where a value came from, and why."),
    },
    "Resources": {
        "rotate": Entry(f"{_AT}resource:rotate", "Give a resource new credentials."),
        "backup": Entry(f"{_AT}resource:backup", "Copy a resource's data into a file."),
    },
    "Catalog and definitions": {
        "check": Entry(f"{_AT}check:check", "Check documents, without the platform."),
        "apply": Entry(f"{_AT}apply:apply", "Apply documents, all of them or none."),
        "diff": Entry(f"{_AT}apply:diff", "Show what applying documents would change."),
        "get": Entry(f"{_AT}entity:get", "Print an entity's document."),
        "list": Entry(f"{_AT}entity:list_", "List entities."),
        "history": Entry(f"{_AT}entity:history", "List an entity's revisions, newest first."),
    },
    "Access": {
        "user": Entry(f"{_AT}access:user", "Add and list users."),
        "token": Entry(f"{_AT}access:token", "Make, list and revoke tokens."),
        "whoami": Entry(f"{_AT}access:whoami", "Show whose token is used."),
    },
    "Platform": {
        "up": Entry(f"{_AT}platform:up", "Start the platform on this machine."),
        "down": Entry(f"{_AT}platform:down", "Stop the platform and every workload; data stays."),
        "doctor": Entry(
            f"{_AT}platform:doctor", "Ask every part of the platform whether it is well."
        ),
        "completion": Entry(f"{_AT}shell:completion", "Print a shell's completion script."),
        "version": Entry(f"{_AT}shell:version", "Print the version."),
    },
}
# Started by the platform, never by people.
HIDDEN: dict[str, Entry] = {
    "git-credential": Entry(
        f"{_AT}source.clone:git_credential", "Answer git's question for a password."
    ),
    "agent": Entry(f"{_AT}platform:agent", "Run the agent of this machine."),
}
_ENTRIES = {**HIDDEN, **{name: entry for part in SECTIONS.values() for name, entry in part.items()}}


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return [name for part in SECTIONS.values() for name in part]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        entry = _ENTRIES.get(cmd_name)
        if entry is None:
            return None
        command = lazy.load(entry.path)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in _ENTRIES:
            suggest = cast(
                "Callable[[str, Iterable[str]], str | None]",
                lazy.load("fairway.kits.spelling:suggest"),
            )
            meant = suggest(args[0], self.list_commands(ctx))
            ctx.fail(
                f"there is no command '{args[0]}'{f'; did you mean {meant}?' if meant else ''}"
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        for title, part in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name, entry.help) for name, entry in part.items()])


_EPILOG = """\b
Exit codes: 0 done · 1 failed · 2 refused, or wrong usage (plan, diff: changes)
  65 invalid documents · 69 no control plane · 70 a bug · 75 try again
  77 not allowed · 78 bad settings · 130 interrupted
"""


@click.group(
    cls=LazyGroup,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(fairway.__version__, message="fairway %(version)s")
def cli() -> None:
    """From a Score file to a running, governed service."""


def main() -> None:
    """Run the command line and exit."""
    sys.exit(run(sys.argv[1:]))


def run(args: list[str], *, obj: object = None) -> int:
    """Run one command and return its exit code; errors are said on standard error."""
    try:
        cli.main(args, prog_name="fairway", standalone_mode=False, obj=obj)
    except (Quit, click.exceptions.Exit) as end:
        return end.exit_code
    except KeyboardInterrupt:
        return failure.INTERRUPTED
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except BrokenPipeError:
        # Who read our output has enough; the interpreter must not fail to flush the rest.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return failure.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last place that can say it
        lines, exit_code = _describe(error)
        for line in lines:
            click.echo(line, err=True)
        return exit_code
    return failure.OK


def _describe(error: Exception) -> tuple[Iterable[str], int]:
    """Return what to say about an error, and the exit code."""
    match error:
        case Problem():
            return failure.render(error), failure.get_exit_code(error)
        case Interrupted():
            said = f"error INTERRUPTED: cannot read the control plane's answer: {error}"
            return (said, "  fix: try again"), failure.TRY_AGAIN
        case SettingError():
            said = f"error SETTING-INVALID: cannot read setting {error}"
            return (said, f"  fix: {error.fix}"), failure.BAD_SETTINGS
        case click.Abort():
            # Ctrl-C says itself what it does; a no to a question wants an answer.
            is_key = isinstance(error.__cause__, KeyboardInterrupt)
            return () if is_key else ("Nothing was changed.",), failure.INTERRUPTED
        case click.ClickException():
            return _describe_usage(error), failure.REFUSED
    return _describe_bug(error), failure.INTERNAL


def _describe_usage(error: click.ClickException) -> Iterable[str]:
    context = error.ctx if isinstance(error, click.UsageError) else None
    command = context.command_path if context else "fairway"
    why = error.format_message().rstrip(".")
    yield f"error USAGE: cannot run '{command}': {why[:1].lower()}{why[1:]}"
    yield f"  fix: see how with: {command} --help"


def _describe_bug(error: Exception) -> Iterable[str]:
    yield f"error INTERNAL: cannot finish the command: {type(error).__name__}: {error}"
    if os.environ.get("FAIRWAY_LOG_LEVEL", "").lower() == "debug":
        yield from traceback.format_exception(error)
    yield "  fix: run it again with FAIRWAY_LOG_LEVEL=debug and report what it prints"
