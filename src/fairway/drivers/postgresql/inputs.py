"""What a provisioner of this driver may say, and which server that means.

Belongs here: the schema of `inputs`, and reading inputs and params that passed it.
"""

from collections.abc import Sequence
from pathlib import Path

from fairway.drivers.local_server.server import LocalServer
from fairway.drivers.postgresql import connection, server
from fairway.drivers.postgresql.connection import Server
from fairway.kits.canonical import JsonObject
from fairway.ports.provisioner import ResourceSpec

_MANAGED = "managed"
_DEFAULT_VERSION = "16"

SCHEMA: JsonObject = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "server": {
            "description": "`managed`: Fairway runs one on this machine; or a connection URL",
            "type": "string",
            "pattern": "^(managed|postgres(ql)?://.+)$",
            "default": _MANAGED,
            "x-fairway-immutable": True,
        },
        "dsn": {
            "description": "connection URL of the administrator, when it holds a password",
            "type": "string",
            "format": "password",
            "minLength": 1,
        },
        "version": {
            "description": "major version of the managed server",
            "type": ["string", "integer"],
            "pattern": "^(1[3-9]|[2-9][0-9])$",
            "minimum": 13,
            "default": _DEFAULT_VERSION,
            "x-fairway-immutable": True,
        },
        "rotationEndsSessions": {
            "description": "whether a rotation also ends the sessions of the old password",
            "type": "boolean",
            "default": False,
        },
    },
    "not": {"required": ["server", "dsn"]},
}


def find_dsn(spec: ResourceSpec) -> str | None:
    """Return the administrator's connection string, or None when the server is managed."""
    given = str(spec.inputs.get("dsn") or spec.inputs.get("server") or _MANAGED)
    return None if given == _MANAGED else given


def get_extensions(spec: ResourceSpec) -> Sequence[str]:
    """Return the extensions that the resource asks for."""
    given = spec.params.get("extensions") or ()
    assert isinstance(given, Sequence)
    return tuple(str(name) for name in given)


class Servers:
    """The servers that resources may be on; managed ones keep their data as `data_root` says."""

    def __init__(self, *, home: Path, data_root: Path | None) -> None:
        self._home = home
        self._data_root = data_root

    def list_managed(self) -> tuple[LocalServer, ...]:
        """Return the managed servers of the platform."""
        return server.list_local_servers(home=self._home, data_root=self._data_root)

    def get(self, spec: ResourceSpec) -> Server:
        """Return the server of `spec`, created and started when it is managed.

        Raises:
            Refused, Unavailable: as `connection.make_server` and `LocalServer.ensure`.
        """
        dsn = find_dsn(spec)
        if dsn:
            return connection.make_server(dsn)
        record = self._get_managed(spec).ensure()
        return connection.make_server(server.make_conninfo(record))

    def find(self, spec: ResourceSpec) -> Server | None:
        """Return the server of `spec`, or None when it is managed and was never made."""
        is_there = find_dsn(spec) or self._get_managed(spec).find()
        return self.get(spec) if is_there else None

    def _get_managed(self, spec: ResourceSpec) -> LocalServer:
        major = int(str(spec.inputs.get("version") or _DEFAULT_VERSION))
        return server.make_local_server(major, home=self._home, data_root=self._data_root)
