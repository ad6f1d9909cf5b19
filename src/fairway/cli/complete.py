"""What a shell offers after TAB: names that the platform knows.

Belongs here: asking for names. Never here: an error; a shell without an answer offers nothing.
"""

import os

import click

from fairway import settings
from fairway.cli.answer import Answer
from fairway.cli.client import Client
from fairway.cli.failure import Interrupted
from fairway.kits.errors import Problem
from fairway.settings import SettingError


def complete_environment(
    _context: click.Context, _parameter: click.Parameter, start: str
) -> list[str]:
    """Return the environments whose names begin so."""
    items = _ask("/entities?kind=environment&limit=200").items("items")
    names = (item.at("entity").at("metadata").text("name") for item in items)
    return [name for name in names if name.startswith(start)]


def complete_component(
    _context: click.Context, _parameter: click.Parameter, start: str
) -> list[str]:
    """Return the components whose names begin so."""
    names = (item.text("component") for item in _ask("/components").items("items"))
    return [name for name in names if name.startswith(start)]


def _ask(path: str) -> Answer:
    try:
        read = settings.read_settings(os.environ)
        return Client(read.url, read.token).get(path)
    except (Problem, Interrupted, SettingError):
        return Answer({})
