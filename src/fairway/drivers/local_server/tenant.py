"""What one server keeps for many resources: how each is named, and whose it is.

Belongs here: the name of a resource's role, database or key prefix, and the mark of its owner.
"""

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fairway.core.graph.live import NodeId
from fairway.drivers.local_server import private_file

MAX_NAME_LENGTH = 63
_PLAIN = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
# PostgreSQL keeps names that begin with `pg_` to itself.
_RESERVED = "pg_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Which resource of which platform something on a shared server was made for."""

    installation: str
    environment: str
    id: NodeId

    def as_mapping(self) -> Mapping[str, str]:
        """Return the owner as it is written on the server."""
        return {
            "fairway": self.installation,
            "environment": self.environment,
            "id": self.id,
        }


def make_name(environment: str, id_: NodeId, *, usual: str) -> str:
    """Return a name, the same for ever, that no other node has, of at most 63 characters.

    `usual` is the type and class (`postgres.default`) whose names stay plain. All that would make
    two names equal, or one too long, is told apart by a hash of the whole.

    Example:
        >>> make_name("dev", NodeId("postgres.default#orders.db"), usual="postgres.default")
        'orders_dev_db'
    """
    kind, _, local = id_.partition("#")
    first, *rest = local.split(".")
    parts = [first, environment, *rest]
    name = "_".join(parts)
    is_plain = (
        kind == usual
        and len(rest) <= 1
        and not name.startswith(_RESERVED)
        and all(_PLAIN.fullmatch(part) for part in parts)
    )
    if is_plain and len(name) <= MAX_NAME_LENGTH:
        return name
    digest = hashlib.sha256(f"{environment}\0{id_}".encode()).hexdigest()[:10]
    readable = re.sub(r"[^a-z0-9_-]", "-", name.lower())
    if readable.startswith(_RESERVED):
        readable = f"r-{readable}"
    return f"{readable[: MAX_NAME_LENGTH - 11]}_{digest}"


def get_installation(home: Path) -> str:
    """Return the id of the platform in `home`; the first call ever makes it.

    It tells two platforms apart that share a server.

    Raises:
        Unavailable: HOME-UNUSABLE.
    """
    path = home / "servers" / "installation"
    try:
        return private_file.create_private(path, secrets.token_hex(8))
    except OSError as error:
        raise private_file.make_unusable(path, error) from error
