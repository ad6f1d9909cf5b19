"""What is there against what a resource should be.

Belongs here: differences, each a short sentence, and the refusals that come before any change.
"""

from collections.abc import Sequence

from fairway.drivers.local_server.tenant import Owner
from fairway.drivers.postgresql import connection, database
from fairway.drivers.postgresql.connection import Server, Session
from fairway.drivers.postgresql.database import DatabaseState
from fairway.kits.errors import Refused
from fairway.ports.provisioner import ResourceSpec


def find_differences(
    state: DatabaseState, *, name: str, server: Server, spec: ResourceSpec
) -> dict[str, str]:
    """Return what the catalog shows to be otherwise."""
    found: dict[str, object] = {
        "role": not state.has_role and f"role '{name}' does not exist",
        "database": not state.has_database and f"database '{name}' does not exist",
        "owner": state.has_database
        and state.database_owner != name
        and f"belongs to '{state.database_owner}' instead of '{name}'",
        "privileges": state.privileges and f"role '{name}' has {', '.join(state.privileges)}",
        "access": state.is_public and "every role may connect",
        "login": state.has_role and not state.can_log_in and f"role '{name}' may not log in",
        "address": _is_moved(spec, server)
        and f"is {server} instead of {spec.outputs.get('host')}:{spec.outputs.get('port')}",
    }
    return {key: str(text) for key, text in found.items() if text}


def find_inner_differences(
    server: Server, *, name: str, password: str, extensions: Sequence[str]
) -> dict[str, str]:
    """Return what only logging in, and looking inside the database, shows to be otherwise."""
    differences = {}
    if not password:
        differences["password"] = "no password is recorded"  # noqa: S105 - a sentence
    elif not connection.can_log_in(server, name=name, password=password):
        differences["password"] = "the recorded password does not log in"  # noqa: S105 - a sentence
    with connection.connect(server, database=name) as inside:
        missing = database.list_missing_extensions(inside, extensions)
    if missing:
        differences["extensions"] = f"missing: {', '.join(missing)}"
    return differences


def check_owner(state: DatabaseState, *, name: str, owner: Owner, what: str) -> None:
    """Refuse to touch a role or a database that was not made for `owner`.

    Raises:
        Refused: POSTGRES-FOREIGN.
    """
    foreign = database.find_foreign(state, name=name, owner=owner)
    if foreign:
        raise Refused(
            "POSTGRES-FOREIGN",
            what=what,
            why=f"{foreign} on the server and was not made for '{owner.id}' "
            f"in '{owner.environment}' by this platform",
            fix="rename or drop it if nobody needs it, or give the provisioner another server",
            status=409,
        )


def check_not_moved(spec: ResourceSpec, server: Server, state: DatabaseState) -> None:
    """Refuse to make an empty database where the data is on another server.

    Raises:
        Refused: POSTGRES-MOVED.
    """
    if _is_moved(spec, server) and not state.has_database:
        raise Refused(
            "POSTGRES-MOVED",
            what=f"cannot apply resource '{spec.id}'",
            why=f"its database is on '{spec.outputs.get('host')}:{spec.outputs.get('port')}', "
            f"and the provisioner's inputs now name '{server}'",
            fix="move the database with pg_dump and pg_restore first, or delete the resource",
            status=409,
        )


def check_extensions(session: Session, spec: ResourceSpec, extensions: Sequence[str]) -> None:
    """Refuse extensions that the server does not have, and name those it has.

    Raises:
        Refused: POSTGRES-EXTENSION-MISSING.
    """
    available = database.list_available_extensions(session)
    missing = sorted(set(extensions) - set(available))
    if missing:
        raise Refused(
            "POSTGRES-EXTENSION-MISSING",
            what=f"cannot apply resource '{spec.id}'",
            why=f"the server has no extension {', '.join(map(repr, missing))}; "
            f"it has {', '.join(map(repr, available))}",
            fix="take one of these, or install the extension's package on the server",
        )


def _is_moved(spec: ResourceSpec, server: Server) -> bool:
    given = (spec.outputs.get("host"), spec.outputs.get("port"))
    return bool(spec.outputs) and given != (server.host, server.port)
