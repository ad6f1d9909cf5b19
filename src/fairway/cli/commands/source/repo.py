"""Repositories: their rules, their origin, what is in them.

Belongs here: the group `repo`. Never here: git on this machine (`clone`).
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import click

from fairway.cli.answer import Answer
from fairway.cli.client import make_path
from fairway.cli.complete import complete_environment
from fairway.cli.session import Session, ask, with_session
from fairway.cli.views import text
from fairway.kits.canonical import JsonObject, JsonValue
from fairway.kits.errors import Refused

_NAME = click.argument("name")
_F = TypeVar("_F", bound=Callable[..., object])


def _with_rules(command: _F) -> _F:
    options = (
        click.option("--component", metavar="NAME", help="The component whose source it is."),
        click.option("--default-branch", metavar="BRANCH", help="The branch that goes live."),
        click.option(
            "--env",
            "environments",
            metavar="ENV",
            multiple=True,
            shell_complete=complete_environment,
            help="Where a push to that branch goes; may be given again, in their order.",
        ),
        click.option(
            "--protect",
            "protected",
            metavar="PATTERN",
            multiple=True,
            help="Branches that are neither rewritten nor deleted, such as 'release/*'.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group()
def repo() -> None:
    """See, create and change repositories."""


@repo.command("list")
@with_session()
def list_repositories(session: Session) -> None:
    """List repositories."""
    answer = session.client.get("/repositories")
    session.show(answer.data, lambda: _render_list(answer.items("items")))


def _render_list(repositories: tuple[Answer, ...]) -> Iterator[str]:
    rows = [
        (
            item.text("name"),
            f"owner {item.text('owner')}",
            f"{item.text('defaultBranch')} → {' → '.join(item.texts('environments')) or '–'}",
            f"follows {item.text('origin')}" if item.text("origin") else "",
        )
        for item in repositories
    ]
    yield from text.align(rows) or (
        "No repositories.",
        "  next: fairway repo create NAME --owner GROUP",
    )


@repo.command()
@_NAME
@click.option("--owner", required=True, help="The group, or user:NAME, that may push.")
@_with_rules
@with_session()
def create(session: Session, /, name: str, *, owner: str, **rules: object) -> None:
    """Create an empty repository."""
    body = {"name": name, "owner": owner, **_make_rules(rules)}
    answer = session.client.post("/repositories", body)
    session.show(answer.data, lambda: _render_created(answer))


def _render_created(answer: Answer) -> Iterator[str]:
    name = answer.text("name")
    yield f"Repository {name}, owned by {answer.text('owner')}: {answer.text('cloneUrl')}"
    yield f"  next: fairway clone {name}"


@repo.command()
@_NAME
@with_session()
def show(session: Session, name: str) -> None:
    """Show a repository's rules, branches and tags."""
    answer = session.client.get(make_path("repositories", name))
    session.show(answer.data, lambda: _render(session, answer))


def _render(session: Session, answer: Answer) -> Iterator[str]:
    yield f"{answer.text('name')}   owner {answer.text('owner')}   {answer.text('cloneUrl')}"
    environments = " → ".join(answer.texts("environments")) or "no environment"
    yield f"  {answer.text('defaultBranch')} goes to {environments}"
    if patterns := answer.texts("protected"):
        yield f"  protected: {', '.join(patterns)}"
    if origin := answer.text("origin"):
        state = answer.at("originState")
        at = text.render_moment(state.text("followedAt"), session.now) or "not yet"
        yield f"  follows {origin}   fetched {at}"
        if problem := state.text("problem"):
            yield f"  {problem}"
            yield f"    fix: fairway repo follow {answer.text('name')} --accept-rewrite"
    rows = [
        (
            item.text("name"),
            item.at("commit").text("id")[:7],
            item.at("commit").text("message").partition("\n")[0],
            text.render_moment(item.at("commit").text("at"), session.now),
        )
        for item in answer.items("branches")
    ]
    yield from text.align(rows, indent=2) or ("  nothing was pushed yet",)
    if tags := [item.text("name") for item in answer.items("tags")]:
        yield f"  tags: {', '.join(tags)}"


@repo.command("set")
@_NAME
@click.option("--owner", help="The group, or user:NAME, that may push.")
@_with_rules
@click.option("--no-env", is_flag=True, help="A push goes nowhere.")
@click.option("--no-protect", is_flag=True, help="Only the default branch is protected.")
@with_session()
def set_(
    session: Session,
    /,
    name: str,
    *,
    owner: str | None,
    no_env: bool,
    no_protect: bool,
    **rules: object,
) -> None:
    """Change what is given, and leave the rest."""
    body = dict(_make_rules(rules))
    if owner is not None:
        body["owner"] = owner
    if no_env:
        body["environments"] = []
    if no_protect:
        body["protected"] = []
    if not body:
        raise click.UsageError("nothing is to be changed.")
    answer = session.client.post(make_path("repositories", name), body)
    session.show(answer.data, lambda: _render_list((answer,)))


def _make_rules(rules: dict[str, object]) -> JsonObject:
    names = {
        "component": "component",
        "default_branch": "defaultBranch",
        "environments": "environments",
        "protected": "protected",
    }
    body: dict[str, JsonValue] = {}
    for name, key in names.items():
        value = rules[name]
        if isinstance(value, tuple) and value:
            body[key] = [str(item) for item in value]
        elif isinstance(value, str):
            body[key] = value
    return body


@repo.command()
@_NAME
@click.option("-y", "--yes", "is_sure", is_flag=True, help="Do not ask.")
@with_session()
def delete(session: Session, name: str, *, is_sure: bool) -> None:
    """Delete a repository with all its commits.

    What would be lost is shown first.
    """
    path = make_path("repositories", name)
    found = session.client.get(path)
    session.say(f"Deleting {name} LOSES every commit of", *list(_render(session, found))[1:])
    session.say(f"  what runs goes on; to keep the commits: fairway repo backup {name}")
    ask(f"Delete {name}?", is_sure=is_sure, can_ask=session.surroundings.can_ask)
    answer = session.client.delete(path, revision=found.number("revision"))
    session.show(answer.data, lambda: (f"Deleted {name}.",))


@repo.command()
@_NAME
@with_session()
def backup(session: Session, name: str) -> None:
    """Write a repository into one file on the platform's machine.

    It is a git bundle: git clone FILE gives it back.
    """
    answer = session.client.post(make_path("repositories", name, "backup"), {})
    session.show(answer.data, lambda: (f"Wrote {answer.text('file')}",))


@repo.command()
@_NAME
@click.argument("url", required=False)
@click.option(
    "--credentials-file",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    help="A file with user:password; - reads it from standard input.",
)
@click.option("--accept-rewrite", is_flag=True, help="Take over what was rewritten there.")
@click.option("--stop", is_flag=True, help="Follow nothing any more.")
@click.option("-y", "--yes", "is_sure", is_flag=True, help="Do not ask.")
@with_session()
def follow(
    session: Session,
    name: str,
    url: str | None,
    *,
    credentials_file: str | None,
    accept_rewrite: bool,
    stop: bool,
    is_sure: bool,
) -> None:
    """Have a repository follow the one at URL on another server.

    Its branches and tags are fetched when a webhook comes, and every minute; branches that are
    not there are deleted here.
    """
    if sum((url is not None, accept_rewrite, stop)) != 1:
        raise click.UsageError("give a URL, --accept-rewrite or --stop.")
    path = make_path("repositories", name, "origin")
    if accept_rewrite:
        session.client.post(f"{path}/accept-rewrite", {})
        session.show({}, lambda: (f"{name} is as its origin.",))
        return
    if url is not None:
        _confirm_follow(session, name, is_sure=is_sure)
    body = {"url": url or "", "credentials": _read_credentials(credentials_file)}
    answer = session.client.post(path, body)
    session.show(answer.data, lambda: _render_followed(answer))


def _confirm_follow(session: Session, name: str, *, is_sure: bool) -> None:
    """Ask where branches may be lost: in a repository that followed nothing so far."""
    found = session.client.get(make_path("repositories", name))
    branches = [item.text("name") for item in found.items("branches")]
    if branches and not found.text("origin"):
        session.say(f"What {name} has and its origin has not is deleted: {', '.join(branches)}")
        ask(f"Follow with {name}?", is_sure=is_sure, can_ask=session.surroundings.can_ask)


def _read_credentials(file: str | None) -> str:
    if file is None:
        return ""
    try:
        content = sys.stdin.read() if file == "-" else Path(file).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(
            "CREDENTIALS-UNREADABLE",
            what=f"cannot read credentials '{file}'",
            why=str(error),
            fix="give a file that holds user:password on one line",
        ) from error
    return content.strip()


def _render_followed(answer: Answer) -> Iterator[str]:
    name, origin = answer.text("name"), answer.text("origin")
    yield f"{name} follows {origin}." if origin else f"{name} follows nothing."
    if origin:
        yield f"  next: fairway repo hook {name} makes the secret of a webhook"


@repo.command()
@_NAME
@with_session()
def hook(session: Session, name: str) -> None:
    """Make the secret of a repository's webhook and print both, this once.

    The secret before is void.
    """
    answer = session.client.post(make_path("repositories", name, "hook-secret"), {})
    session.show(
        answer.data,
        lambda: text.align(
            (
                ("address", f"{session.client.url}{answer.text('path')}"),
                ("content type", "application/json"),
                ("secret", answer.text("secret")),
            )
        ),
    )
