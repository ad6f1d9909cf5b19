"""The first start: an owner with a token, and the built-in platform.

Belongs here: what a platform needs before anybody can ask for anything. Repeating it is a no-op.
"""

import getpass
from pathlib import Path

from fairway import builtin
from fairway.formats import catalog, yaml
from fairway.usecases.access import manage_users
from fairway.usecases.catalog import apply_entities
from fairway.usecases.delivery import planning
from fairway.usecases.platform import Actor, Platform
from fairway.wiring import home as homes

_SELF = Actor(name="fairway", is_admin=True)


def prepare(platform: Platform, home: Path) -> None:
    """Make the owner and the built-in definitions, each only where there is none yet."""
    _make_definitions(platform)
    if not homes.has_token(home):
        homes.write_token(home, _make_owner(platform))


def _make_definitions(platform: Platform) -> None:
    with platform.store.read() as tx:
        known = tx.entities.list_by_kind(planning.DEFINITION_API, planning.DEFINITION_KINDS)
    if known:
        return
    entities = [
        catalog.parse_entity(document)
        for name, content in builtin.read_builtin_documents().items()
        for document in yaml.parse_documents(content, file=name)
    ]
    apply_entities.apply_entities(platform, _SELF, entities, location="builtin")


def _make_owner(platform: Platform) -> str:
    """Return a token of the account that starts the platform."""
    name = getpass.getuser().lower()
    with platform.store.read() as tx:
        known = tx.users.find(name)
    if known is None:
        manage_users.add_user(platform, _SELF, name=name, groups=["group:platform"], is_admin=True)
    made = manage_users.create_token(platform, _SELF, user=name, title="first start")
    return made.clear
