"""Making a service from a golden path, or hosting one that is there."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from fairway.cli import answers
from fairway.cli import source as sources
from fairway.cli.answer import Answer
from fairway.cli.client import make_path
from fairway.cli.commands.source import clone
from fairway.cli.session import Session, with_session
from fairway.cli.views import text
from fairway.kits import quantity
from fairway.kits.canonical import JsonObject
from fairway.kits.errors import Problem, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the options ask for; `path` and `name` may be empty where a folder tells."""

    path: str
    name: str
    owner: str
    version: str
    pairs: tuple[str, ...]
    file: str | None
    can_ask: bool


@click.command()
@click.argument("path", required=False, default="")
@click.argument("name", required=False, default="")
@click.option("--owner", metavar="GROUP", required=True, help="Who owns the service.")
@click.option("--version", default="", help="The path's version; the newest if not given.")
@click.option("--set", "pairs", metavar="KEY=VALUE", multiple=True, help="Answer a parameter.")
@click.option("--answers", "file", metavar="FILE", help="Answers as a YAML or JSON mapping.")
@click.option("--defaults", "is_silent", is_flag=True, help="Ask nothing; take the defaults.")
@click.option("--dry-run", "is_dry_run", is_flag=True, help="Show what would be made.")
@click.option("--from", "folder", metavar="DIR", help="Host the git repository in DIR instead.")
@with_session()
def new(
    session: Session,
    path: str,
    name: str,
    *,
    owner: str,
    version: str,
    pairs: tuple[str, ...],
    file: str | None,
    is_silent: bool,
    is_dry_run: bool,
    folder: str | None,
) -> None:
    """Make a service from a golden path.

    It gets a repository, a first commit and its first deployment. What is not given by --set or
    --answers is asked for on a terminal, else left to its default. With --from, a git repository
    that is there is hosted as NAME (or as its score.yaml names it); with PATH it is put on that
    golden path too, and receives its upgrades.
    """
    wish = Wish(
        path=path,
        name=name,
        owner=owner,
        version=version,
        pairs=pairs,
        file=file,
        can_ask=session.surroundings.can_ask and not is_silent and not session.is_data,
    )
    if folder is not None:
        _adopt(session, wish, Path(folder), is_dry_run=is_dry_run)
        return
    if not path or not name:
        raise click.UsageError("Say from which path, and what it is called: fairway new PATH NAME")
    _make(session, wish, is_dry_run=is_dry_run)


def _make(session: Session, wish: Wish, *, is_dry_run: bool) -> None:
    body = {"name": wish.name, "owner": wish.owner, "dryRun": is_dry_run, **_collect(session, wish)}
    made = session.client.post(make_path("golden-paths", wish.path, "services"), body)
    session.show(made.data, lambda: _render_made(session, made))


def _collect(session: Session, wish: Wish) -> JsonObject:
    about = session.client.get(make_path("golden-paths", wish.path))
    given = answers.collect_answers(
        about.at("parameters"), file=wish.file, pairs=wish.pairs, can_ask=wish.can_ask
    )
    return {"version": wish.version, "answers": given}


def _render_made(session: Session, made: Answer) -> Iterator[str]:
    name, files = made.text("name"), made.items("files")
    origin = f"{made.text('path')} {made.text('version')}"
    goes = _describe_environments(made)
    if made.flag("isDryRun"):
        yield f"Would make {name} from {origin} for {made.text('owner')}:"
        sizes = [quantity.render_bytes(item.number("size") or 0) for item in files]
        paths = [item.text("path") for item in files]
        yield from text.align(zip(paths, sizes, strict=True), indent=2)
        yield f"  and a repository '{name}', {goes}. Nothing was changed."
        return
    yield f"Made {name} from {origin} for {made.text('owner')}."
    url = f"{session.client.url}/git/{name}.git"
    yield f"  repository  {url}   {text.count(len(files), 'file')}, {goes}"
    yield from _render_output(session, made.at("output"))
    yield f"  next: fairway watch {name}; fairway clone {name}"


def _render_output(session: Session, output: Answer) -> Iterator[str]:
    """Show what the template tells: its texts, and links to pages or entities."""
    for item in output.items("text"):
        yield f"  {item.text('title')}"
        yield from (f"    {line}" for line in item.text("content").splitlines())
    for link in output.items("links"):
        url = link.text("url")
        target = f"{session.client.url}{url}" if url.startswith("/") else url
        if target := target or link.text("entityRef"):
            yield f"  {link.text('title') or 'link'}: {target}"


def _describe_environments(about: Answer) -> str:
    environments = ", ".join(about.texts("environments"))
    return f"deployed to {environments} with every push" if environments else "built at every push"


def _adopt(session: Session, wish: Wish, folder: Path, *, is_dry_run: bool) -> None:
    """Host the repository, push its history, put it on the path; undone if a part is refused."""
    name = wish.name or sources.check_folder(folder).component
    environments: tuple[str, ...] = ()
    asked: JsonObject = {}
    if wish.path:
        about = session.client.get(make_path("golden-paths", wish.path))
        environments = about.texts("environments")
        asked = _collect(session, wish)
    if is_dry_run:
        session.say(f"Would host the repository in '{folder}' as '{name}' for {wish.owner}.")
        return
    body: JsonObject = {"name": name, "owner": wish.owner, "environments": environments}
    made = session.client.post("/repositories", body)
    try:
        _push(session, made, folder)
        if wish.path:
            session.client.put(make_path("golden-paths", wish.path, "services", name), asked)
    except Problem:
        session.client.delete(make_path("repositories", name))
        raise
    origin = f" on {wish.path}" if wish.path else ""
    after = f"fairway watch {name}" if environments else f"fairway repo set {name} --env dev"
    session.show(
        made.data,
        lambda: (
            f"Hosted {name}{origin} for {wish.owner}, {_describe_environments(made)}.",
            f"  next: {after}; fairway clone {name}",
        ),
    )


def _push(session: Session, made: Answer, folder: Path) -> None:
    url, branch = made.text("cloneUrl"), made.text("defaultBranch")
    settings = clone.make_settings(session, url)
    command = ["git", "-C", str(folder), *settings, "push", "--quiet", url, f"HEAD:{branch}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise clone.refuse_git(f"host '{folder}'", error) from error
    if done.returncode:
        raise Refused(
            "ADOPT-FAILED",
            what=f"cannot host the repository in '{folder}'",
            why=done.stderr.strip().replace("\n", "; ") or f"git ended with {done.returncode}",
            fix="commit what it lacks, or mend what was refused, and try again",
        )
