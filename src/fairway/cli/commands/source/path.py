"""Golden paths: making services from them, seeing and publishing them."""

import time
from collections.abc import Iterator
from pathlib import Path

import click

from fairway.cli import failure, follow, source
from fairway.cli.answer import Answer
from fairway.cli.client import make_path
from fairway.cli.commands.source import upgrade as upgrades
from fairway.cli.failure import Quit
from fairway.cli.session import Session, with_session
from fairway.cli.target import DETACH, is_folder
from fairway.cli.views import text


@click.group()
def path() -> None:
    """See, check, publish and upgrade golden paths."""


@path.command("list")
@with_session()
def list_paths(session: Session) -> None:
    """List golden paths."""
    found = session.client.get("/golden-paths")
    session.show(found.data, lambda: _render_list(found))


def _render_list(found: Answer) -> Iterator[str]:
    rows = [
        (
            item.text("name"),
            item.text("version"),
            item.text("lifecycle"),
            text.count(item.number("services") or 0, "service"),
            item.text("description") or item.text("title"),
        )
        for item in found.items("items")
    ]
    yield from text.align(rows) or ("No golden path is published yet.",)
    if rows:
        yield "  next: fairway new PATH NAME --owner GROUP"


@path.command()
@click.argument("name", metavar="PATH")
@with_session()
def show(session: Session, name: str) -> None:
    """Show what a path asks for, and its versions."""
    found = session.client.get(make_path("golden-paths", name))
    session.show(found.data, lambda: _render_path(session, found))


def _render_path(session: Session, found: Answer) -> Iterator[str]:
    yield f"{found.text('name')} {found.text('version')}   {found.text('title')}"
    if found.text("description"):
        yield f"  {found.text('description')}"
    environments = ", ".join(found.texts("environments")) or text.NOTHING
    yield f"  owner {found.text('owner')}   {found.text('lifecycle')}   goes to {environments}"
    parameters = found.at("parameters")
    required = parameters.texts("required")
    rows = [
        (key, _describe(item), item.text("description"))
        for key in parameters.at("properties").data
        if (item := parameters.at("properties").at(key)) or key in required
    ]
    yield "parameters"
    yield from text.align(rows, indent=2)
    yield "versions"
    versions = found.items("versions")
    yield from text.align([_make_version_row(session, item) for item in versions], indent=2)


def _make_version_row(session: Session, item: Answer) -> tuple[str, ...]:
    moment = text.render_moment(item.text("publishedAt"), session.now)
    return item.text("version"), item.text("commit")[:7], f"{moment} by {item.text('publishedBy')}"


def _describe(schema: Answer) -> str:
    kind = schema.text("type") or "any"
    return f"{kind} = {schema.text('default')}" if "default" in schema.data else kind


@path.command()
@click.argument("folder", metavar="DIR")
@with_session()
def lint(session: Session, folder: str) -> None:
    """Check the template in DIR: variables, files, parameters, examples."""
    digest = source.send_source(session.client, Path(folder))
    found = session.client.post("/golden-paths/check", {"source": digest})
    findings = found.items("findings")
    session.show(found.data, lambda: _render_findings(findings))
    if any(item.text("level") == "deny" for item in findings):
        raise Quit(failure.INVALID)


def _render_findings(findings: tuple[Answer, ...]) -> Iterator[str]:
    for item in findings:
        level = "error" if item.text("level") == "deny" else item.text("level")
        place = f"{item.text('at')}: " if item.text("at") else ""
        yield f"{place}{level} {item.text('code')}: {item.text('text')}; fix: {item.text('fix')}"
    if not findings:
        yield "The template is well."


@path.command()
@click.argument("target", metavar="DIR|PATH")
@click.option("--version", default="", help="The published version; the newest if not given.")
@click.option("--like", default="dev", metavar="ENV", help="What the test's environment is like.")
@DETACH
@with_session()
def test(session: Session, target: str, *, version: str, like: str, is_detached: bool) -> None:
    """Render every example, build it with its tests, deploy it, remove it."""
    began = time.monotonic()
    if is_folder(target):
        body = {"source": source.send_source(session.client, Path(target)), "like": like}
    else:
        body = {"path": target, "version": version, "like": like}
    run = session.client.post("/golden-paths/test", body)
    follow.finish_run(session, run, began=began, is_detached=is_detached)


@path.command()
@click.argument("repository")
@click.argument("tag")
@with_session()
def publish(session: Session, repository: str, tag: str) -> None:
    """Make the tag TAG of a hosted repository a version of the golden path in it."""
    made = session.client.post("/golden-paths", {"repository": repository, "tag": tag})
    session.show(
        made.data,
        lambda: (
            f"Published {made.text('version')} of '{repository}' at {made.text('commit')[:7]}.",
        ),
    )


path.add_command(upgrades.upgrade)
path.add_command(upgrades.land)
path.add_command(upgrades.drift)
