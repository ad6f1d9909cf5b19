"""The first start: an owner with a token, and the built-in platform.

Belongs here: what a platform needs before anybody can ask for anything. Repeating it is a no-op.
"""

import getpass
from pathlib import Path

from fairway import builtin
from fairway.formats import catalog, yaml
from fairway.kits.errors import Refused
from fairway.usecases.access import manage_users
from fairway.usecases.catalog import apply_entities
from fairway.usecases.delivery import planning
from fairway.usecases.platform import Actor, Platform
from fairway.wiring import home as homes

_SEAL = "platform"
_SELF = Actor(name="fairway", is_admin=True)


def prepare(platform: Platform, home: Path) -> None:
    """Make the owner and the built-in definitions, each only where there is none yet.

    Raises:
        Refused: STORE-FOREIGN.
    """
    _claim_store(platform)
    _make_definitions(platform)
    if not _is_known(platform, homes.read_token(home)):
        homes.write_token(home, _make_owner(platform))


def _is_known(platform: Platform, clear: str) -> bool:
    """Return whether this store knows the token: another store may have made it."""
    try:
        manage_users.authenticate(platform, clear)
    except Refused:
        return False
    return True


def _claim_store(platform: Platform) -> None:
    """Seal the store with this platform's key, or refuse one that another key has sealed.

    Two platforms on one store would carry out each other's runs on their own machines.
    """
    with platform.store.write() as tx:
        seal = tx.platform_seal.find()
        if seal is None:
            tx.platform_seal.put(platform.sealer.seal(_SEAL, context=_SEAL))
            return
    try:
        platform.sealer.open(seal, context=_SEAL)
    except Refused as error:
        raise Refused(
            "STORE-FOREIGN",
            what="cannot use the store",
            why="it belongs to a platform with another key, in another state folder",
            fix="start the platform with that folder's keys/sealing.keys, "
            "or give this one a database of its own",
            status=409,
        ) from error


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
