"""Deploying: a folder, a release, a plan, what runs elsewhere, or what ran before."""

import time
from pathlib import Path

import click

from fairway.cli import follow
from fairway.cli.answer import Answer
from fairway.cli.client import make_path
from fairway.cli.complete import complete_environment
from fairway.cli.session import Session, with_session
from fairway.cli.target import COMPONENT, DETACH, ENVIRONMENT, TESTS, is_folder, send_folder
from fairway.kits.errors import Refused


@click.command()
@click.argument("target", metavar="DIR|COMPONENT", required=False)
@click.option(
    "--env", "environment", metavar="ENV", shell_complete=complete_environment, help="Where to."
)
@click.option("--release", type=click.IntRange(1), help="Deploy this release of COMPONENT.")
@click.option("--plan", "plan_digest", metavar="DIGEST", help="Do exactly what this plan says.")
@TESTS
@DETACH
@with_session()
def deploy(
    session: Session,
    target: str | None,
    *,
    environment: str | None,
    release: int | None,
    plan_digest: str | None,
    is_tested: bool,
    is_detached: bool,
) -> None:
    """Build a folder and deploy it, or a release.

    COMPONENT without --release deploys its newest release. --plan DIGEST needs nothing else.
    """
    began = time.monotonic()
    if plan_digest is not None:
        run = session.client.post(make_path("plans", plan_digest, "apply"), {})
    elif target is None or environment is None:
        raise click.UsageError("Say what to deploy and where: fairway deploy DIR --env ENV")
    elif release is None and is_folder(target):
        run = _deploy_folder(session, Path(target), environment, is_tested=is_tested)
    else:
        number = release or _find_newest(session, target)
        path = make_path("environments", environment, "deployments", target, "deploy")
        run = session.client.post(path, {"release": number})
    follow.finish_run(session, run, began=began, is_detached=is_detached)


def _deploy_folder(session: Session, folder: Path, environment: str, *, is_tested: bool) -> Answer:
    sent = send_folder(session, folder)
    path = make_path("environments", environment, "deployments", sent.component, "deploy")
    return session.client.post(
        path, {"source": sent.digest, "commit": sent.commit, "tests": is_tested}
    )


def _find_newest(session: Session, component: str) -> int:
    answer = session.client.get(make_path("components", component, "releases"), {"limit": 1})
    for release in answer.items("items"):
        return release.number("number") or 0
    raise Refused(
        "RELEASE-UNKNOWN",
        what=f"cannot deploy '{component}'",
        why="there is no folder and no released component of this name",
        fix="name a folder with a score.yaml, or a component that fairway status shows",
    )


@click.command()
@COMPONENT
@click.option(
    "--from",
    "origin",
    metavar="ENV",
    required=True,
    shell_complete=complete_environment,
    help="Where it runs.",
)
@click.option(
    "--to",
    "environment",
    metavar="ENV",
    required=True,
    shell_complete=complete_environment,
    help="Where it shall run too.",
)
@DETACH
@with_session()
def promote(
    session: Session, component: str, *, origin: str, environment: str, is_detached: bool
) -> None:
    """Deploy to one environment what runs in another.

    The same artifact, by digest; nothing is built.
    """
    began = time.monotonic()
    path = make_path("environments", environment, "deployments", component, "promote")
    run = session.client.post(path, {"from": origin})
    follow.finish_run(session, run, began=began, is_detached=is_detached)


@click.command()
@COMPONENT
@ENVIRONMENT
@click.option("--to", "release", type=click.IntRange(1), help="The release; the last one if not.")
@DETACH
@with_session()
def rollback(
    session: Session, component: str, *, environment: str, release: int | None, is_detached: bool
) -> None:
    """Go back to an earlier release.

    Only to one that was ready there.
    """
    began = time.monotonic()
    path = make_path("environments", environment, "deployments", component, "rollback")
    run = session.client.post(path, {} if release is None else {"to": release})
    follow.finish_run(session, run, began=began, is_detached=is_detached)
