"""Upgrading services of golden paths: commands of the group `path`."""

import time

import click

from fairway.cli import answers, follow
from fairway.cli.answer import Answer
from fairway.cli.client import make_path
from fairway.cli.complete import complete_component
from fairway.cli.session import Session, with_session
from fairway.cli.target import COMPONENT
from fairway.cli.views import upgrade as view
from fairway.kits.canonical import JsonObject


@click.command()
@click.argument("component", required=False, default="", shell_complete=complete_component)
@click.option("--all", "is_all", is_flag=True, help="Upgrade every service of --path.")
@click.option("--path", metavar="PATH", default="", help="The path whose services --all means.")
@click.option("--to", metavar="VERSION", default="", help="The version; the newest if not given.")
@click.option("--set", "pairs", metavar="KEY=VALUE", multiple=True, help="Answer a parameter.")
@click.option("--answers", "file", metavar="FILE", help="Answers as a YAML or JSON mapping.")
@click.option("--defaults", "is_silent", is_flag=True, help="Ask nothing; take the defaults.")
@click.option("--downgrade", "is_downgrade", is_flag=True, help="Allow an older version.")
@click.option("--dry-run", "is_dry_run", is_flag=True, help="Show what would be changed.")
@with_session()
def upgrade(
    session: Session,
    component: str,
    *,
    is_all: bool,
    path: str,
    to: str,
    pairs: tuple[str, ...],
    file: str | None,
    is_silent: bool,
    is_downgrade: bool,
    is_dry_run: bool,
) -> None:
    """Bring a service, or all of a path, to a newer version of its golden path.

    What the team did is merged with what the path did, on a branch that is built and tested.
    Conflicts are on the branch between markers, and listed. Nothing goes live before it is landed.
    """
    began = time.monotonic()
    if is_all:
        if component or not path or pairs or file or is_dry_run or is_downgrade:
            raise click.UsageError("Say which path: fairway path upgrade --all --path PATH")
        run = session.client.post(make_path("golden-paths", path, "upgrade"), {"to": to})
        follow.finish_run(session, run, began=began)
        return
    if not component or path:
        raise click.UsageError("Say which service: fairway path upgrade COMPONENT")
    can_ask = session.surroundings.can_ask and not is_silent and not session.is_data
    given = _collect(session, component, to=to, pairs=pairs, file=file, can_ask=can_ask)
    body: JsonObject = {"to": to, "answers": given, "downgrade": is_downgrade}
    address = make_path("components", component, "upgrade")
    if is_dry_run:
        preview = session.client.post(f"{address}/preview", body)
        session.show(
            preview.data, lambda: view.render_preview(preview, is_verbose=session.is_verbose)
        )
        return
    run = session.client.post(address, body)
    follow.finish_run(session, run, began=began)


def _collect(
    session: Session,
    component: str,
    *,
    to: str,
    pairs: tuple[str, ...],
    file: str | None,
    can_ask: bool,
) -> JsonObject:
    """Return answers that were given, and those to what is new if a person can be asked."""
    if not (pairs or file or can_ask):
        return {}
    address = make_path("components", component, "upgrade", "questions")
    found = session.client.get(address, {"to": to} if to else {})
    parameters = found.at("parameters")
    given = answers.collect_answers(parameters, file=file, pairs=pairs, can_ask=False)
    properties = parameters.at("properties").data
    asked = {key: properties[key] for key in found.texts("new") if key not in given}
    new = Answer({"properties": asked, "required": list(parameters.texts("required"))})
    return {**given, **answers.collect_answers(new, file=None, pairs=(), can_ask=can_ask)}


@click.command()
@COMPONENT
@with_session()
def land(session: Session, component: str) -> None:
    """Bring an upgrade that was offered into the default branch; it goes live as any push."""
    offer = session.client.post(make_path("components", component, "upgrade", "land"), {})
    session.show(offer.data, lambda: view.render_offer(offer))


@click.command()
@click.argument("path", metavar="PATH")
@click.option(
    "--component", default="", shell_complete=complete_component, help="This service only."
)
@with_session()
def drift(session: Session, path: str, *, component: str) -> None:
    """Show how far each service of a path is behind, and which files it changed.

    With -v, every file.
    """
    address = make_path("golden-paths", path, "drift")
    found = session.client.get(address, {"component": component} if component else {})
    session.show(found.data, lambda: view.render_drift(found, is_verbose=session.is_verbose))
