"""Acting on one resource of a component: rotate, back up."""

import time

import click

from fairway.cli import follow
from fairway.cli.client import make_path
from fairway.cli.session import Session, with_session
from fairway.cli.target import ENVIRONMENT
from fairway.kits.errors import Refused

_RESOURCE = click.argument("resource", metavar="COMPONENT.RESOURCE")


@click.command()
@_RESOURCE
@ENVIRONMENT
@with_session()
def rotate(session: Session, resource: str, *, environment: str) -> None:
    """Give a resource new credentials.

    The workloads that use it are rolled to the new ones; the old ones stop working.
    """
    _act(session, resource, environment, act="rotate")


@click.command()
@_RESOURCE
@ENVIRONMENT
@with_session()
def backup(session: Session, resource: str, *, environment: str) -> None:
    """Copy a resource's data into a file.

    Such as orders.db: the file lies below backups in the platform's state folder.
    """
    _act(session, resource, environment, act="backup")


def _act(session: Session, resource: str, environment: str, *, act: str) -> None:
    began = time.monotonic()
    component, dot, name = resource.partition(".")
    if not dot or not name:
        raise Refused(
            "RESOURCE-NAME",
            what=f"cannot {act} '{resource}'",
            why="it does not name a component and one of its resources",
            fix="write it as COMPONENT.RESOURCE, such as orders.db",
        )
    path = make_path("environments", environment, "deployments", component, "resources", name, act)
    follow.finish_run(session, session.client.post(path, {}), began=began)
