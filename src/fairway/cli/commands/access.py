"""Users, tokens, and who one is."""

import re
from collections.abc import Iterator

import click

from fairway.cli.answer import Answer
from fairway.cli.client import make_path
from fairway.cli.session import Session, with_session
from fairway.cli.views import text
from fairway.kits.canonical import JsonObject

_LIFETIME = re.compile(r"(\d+)(min|h|d)")
_SECONDS = {"min": 60, "h": 3600, "d": 86400}


@click.group()
def user() -> None:
    """Add and list users."""


@user.command()
@click.argument("name")
@click.option("--group", "groups", multiple=True, help="A group of the user; may be given again.")
@click.option("--admin", "is_admin", is_flag=True, help="The user may do anything.")
@with_session()
def add(session: Session, name: str, *, groups: tuple[str, ...], is_admin: bool) -> None:
    """Add a user, or change one's groups."""
    body: JsonObject = {"groups": groups, "isAdmin": is_admin}
    answer = session.client.put(make_path("users", name), body)
    session.show(answer.data, lambda: _render_added(answer))


def _render_added(answer: Answer) -> Iterator[str]:
    name = answer.text("name")
    yield f"User {name}: {_describe_rights(answer)}."
    yield f"  next: fairway token create --user {name}"


def _describe_rights(answer: Answer) -> str:
    groups = ", ".join(answer.texts("groups")) or "no group"
    return f"{groups}, administrator" if answer.flag("isAdmin") else groups


@user.command("list")
@with_session()
def list_users(session: Session) -> None:
    """List users."""
    answer = session.client.get("/users")
    rows = [(item.text("name"), _describe_rights(item)) for item in answer.items("items")]
    session.show(answer.data, lambda: text.align(rows))


@click.group()
def token() -> None:
    """Make, list and revoke tokens."""


def _parse_lifetime(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> int | None:
    if value is None:
        return None
    match = _LIFETIME.fullmatch(value)
    if match is None or int(match[1]) == 0:
        raise click.BadParameter(f"'{value}' is no duration such as 30min, 8h or 90d")
    return int(match[1]) * _SECONDS[match[2]]


_USER = click.option("--user", "name", metavar="NAME", help="Whose; your own if not given.")


@token.command("create")
@_USER
@click.option("--title", default="", help="What it is for.")
@click.option(
    "--lifetime", metavar="8h|90d", callback=_parse_lifetime, help="For how long; for ever if not."
)
@with_session()
def create_token(session: Session, *, name: str | None, title: str, lifetime: int | None) -> None:
    """Make a token and print it, this once."""
    body: dict[str, str | int] = {"title": title}
    if lifetime is not None:
        body["lifetimeSeconds"] = lifetime
    path = make_path("users", name or _get_own_name(session), "tokens")
    answer = session.client.post(path, body)
    # The token alone, so that it can be caught: FAIRWAY_TOKEN=$(fairway token create)
    session.show(answer.data, lambda: (answer.text("token"),))


@token.command("list")
@_USER
@with_session()
def list_tokens(session: Session, *, name: str | None) -> None:
    """List tokens, without what they are."""
    answer = session.client.get(make_path("users", name or _get_own_name(session), "tokens"))
    session.show(answer.data, lambda: _render_tokens(session, answer.items("items")))


def _render_tokens(session: Session, tokens: tuple[Answer, ...]) -> Iterator[str]:
    rows = []
    for item in tokens:
        expires = item.text("expiresAt")
        rows.append(
            (
                item.text("id"),
                item.text("title") or "-",
                f"made {text.render_moment(item.text('createdAt'), session.now)}",
                f"expires {text.render_moment(expires, session.now)}" if expires else "",
            )
        )
    yield from text.align(rows) or ("No tokens.",)


@token.command("revoke")
@click.argument("token_id", metavar="ID")
@_USER
@with_session()
def revoke_token(session: Session, token_id: str, *, name: str | None) -> None:
    """Make a token useless at once."""
    owner = name or _get_own_name(session)
    answer = session.client.delete(make_path("users", owner, "tokens", token_id))
    session.show(answer.data, lambda: (f"Token {token_id} of {owner} is useless now.",))


def _get_own_name(session: Session) -> str:
    return session.client.get("/whoami").text("name")


@click.command()
@with_session()
def whoami(session: Session) -> None:
    """Show whose token is used."""
    answer = session.client.get("/whoami")
    rights = _describe_rights(answer)
    session.show(
        answer.data, lambda: (f"{answer.text('name')}   {rights}   at {session.client.url}",)
    )
