"""The driver `redis`: one ACL user and one key prefix for each resource.

Belongs here: the contract of the port in terms of what is beside this file.
"""

import secrets
from pathlib import Path
from urllib.parse import quote

from fairway.core.definition.definition import DeleteAction
from fairway.drivers.local_server import tenant
from fairway.drivers.local_server.server import LocalServer
from fairway.drivers.local_server.tenant import Owner
from fairway.drivers.redis import connection, keys, server, user
from fairway.drivers.redis.connection import Server, Session
from fairway.drivers.redis.user import UserState
from fairway.kits import quantity
from fairway.kits.canonical import JsonObject
from fairway.kits.errors import Refused
from fairway.ports.provisioner import (
    Loss,
    Observation,
    Progress,
    Provisioner,
    ResourceSpec,
    Rotating,
)

_USUAL = "redis.default"
_INPUTS: JsonObject = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "server": {
            "description": "`managed`: Fairway runs one on this machine, as when nothing is said",
            "const": "managed",
            "default": "managed",
        },
        "url": {
            "description": "URL of the administrator of another server",
            "type": "string",
            "format": "password",
            "pattern": "^(rediss?|file)://.+$",
        },
        "rotationEndsSessions": {
            "description": "whether a rotation also ends the sessions of the old password",
            "type": "boolean",
            "default": False,
        },
    },
    "not": {"required": ["server", "url"]},
}


class RedisProvisioner(Provisioner, Rotating):
    """Provisions on any Redis from 7.0 on, or on the one it runs for the platform in `home`.

    `data_root` is where its own server keeps its data (see `local_server.server`).
    `installation` tells platforms apart that share a server; replicas of one platform must agree.
    """

    def __init__(
        self, home: Path, *, data_root: Path | None = None, installation: str | None = None
    ) -> None:
        self._home = home
        self._local = server.make_local_server(home=home, data_root=data_root)
        self._installation = installation

    def get_inputs_schema(self) -> JsonObject:
        """Return the schema; a managed server when nothing is said."""
        return _INPUTS

    def list_servers(self) -> tuple[LocalServer, ...]:
        """Return the server that this driver runs, if any, to describe or to stop it."""
        return (self._local,) if self._local.find() else ()

    def observe(self, spec: ResourceSpec) -> Observation:
        """Compare user, rules and login; starts a managed server that is down."""
        name = _make_name(spec)
        found = self._find_server(spec)
        if found is None:
            return Observation(state="missing")
        with connection.connect(found) as session:
            state = self._read_own(session, spec, verb="observe")
        if not state.exists and not state.mark:
            return Observation(state="missing")
        differences = _find_differences(state, name=name, server=found, spec=spec)
        return Observation(state="drifted" if differences else "present", differences=differences)

    def apply(self, spec: ResourceSpec, progress: Progress) -> JsonObject:
        """Make the user and return how to reach its keys."""
        name = _make_name(spec)
        found = self._get_server(spec)
        with connection.connect(found) as session:
            state = self._read_own(session, spec, verb="apply")
            _check_not_moved(spec, found, state)
            if not state.mark:
                if not state.exists and keys.has_keys(session, name):
                    raise _make_foreign(spec, verb="apply", what=f"keys '{name}:*' exist")
                user.claim(session, name=name, owner=self._make_owner(spec))
            password = str(spec.outputs.get("password") or _make_password())
            is_same = (
                state.is_on
                and state.rules == state.marked_rules
                and connection.can_log_in(found, name=name, password=password)
            )
            if not is_same:
                user.set_user(session, name=name, owner=self._make_owner(spec), password=password)
            _save(session, progress)
        progress(f"user {name}, keys {name}:*")
        return _make_outputs(found, name, password)

    def rotate(self, spec: ResourceSpec, progress: Progress) -> JsonObject:
        """Set a new password; sessions go on unless `inputs.rotationEndsSessions`."""
        name = _make_name(spec)
        found = self._get_server(spec)
        with connection.connect(found) as session:
            state = self._read_own(session, spec, verb="rotate")
            if not state.exists:
                raise _make_missing(spec, verb="rotate", name=name)
            password = _make_password()
            user.set_user(session, name=name, owner=self._make_owner(spec), password=password)
            if spec.inputs.get("rotationEndsSessions"):
                user.end_sessions(session, name)
            _save(session, progress)
        progress(f"password of user {name}")
        return _make_outputs(found, name, password)

    def preview_delete(self, spec: ResourceSpec) -> Loss | None:
        """Return the keys and their size in memory."""
        found = self._find_server(spec)
        if found is None:
            return None
        with connection.connect(found) as session:
            state = self._read_own(session, spec, verb="delete")
            if not state.exists and not state.mark:
                return None
            count, size = keys.measure(session, _make_name(spec))
        noun = "key" if count == 1 else "keys"
        summary = f"{quantity.render_bytes(size)} in {count} {noun}"
        return Loss(summary=summary, size_bytes=size) if count else None

    def delete(self, spec: ResourceSpec, action: DeleteAction, progress: Progress) -> None:
        """Remove user and keys; `keep` only bars the user; `snapshot` dumps the keys first."""
        name = _make_name(spec)
        found = self._find_server(spec)
        if found is None:
            return
        with connection.connect(found) as session:
            state = self._read_own(session, spec, verb="delete")
            if not state.exists and not state.mark:
                return
            if state.exists and action != "delete":
                user.bar(session, name)
            if action == "keep":
                _save(session, progress)
                progress(f"kept keys {name}:*, user {name} cannot log in")
                return
            if action == "snapshot":
                path = keys.write_dump(session, name, self._home / "backups" / spec.environment)
                progress(f"backup {path} ({quantity.render_bytes(path.stat().st_size)})")
            user.remove_user(session, name)
            _save(session, progress)
            removed = keys.remove_keys(session, name)
            user.release(session, name)
        progress(f"removed user {name}, {removed} keys")

    def backup(self, spec: ResourceSpec, folder: Path) -> Path:
        """Write the keys into `folder` and return the file's path, for `redis-cli --pipe`.

        Raises:
            Refused: REDIS-USER-MISSING. Unavailable: REDIS-DUMP-FAILED, REDIS-AWAY.
        """
        name = _make_name(spec)
        found = self._find_server(spec)
        if found:
            with connection.connect(found) as session:
                if self._read_own(session, spec, verb="back up").exists:
                    return keys.write_dump(session, name, folder)
        raise _make_missing(spec, verb="back up", name=name)

    def _get_server(self, spec: ResourceSpec) -> Server:
        url = spec.inputs.get("url")
        return connection.make_server(str(url) if url else server.make_url(self._local.ensure()))

    def _find_server(self, spec: ResourceSpec) -> Server | None:
        is_there = spec.inputs.get("url") or self._local.find()
        return self._get_server(spec) if is_there else None

    def _read_own(self, session: Session, spec: ResourceSpec, *, verb: str) -> UserState:
        """Return what there is of the resource, and refuse what is somebody else's."""
        name = _make_name(spec)
        state = user.read_state(session, name)
        password = str(spec.outputs.get("password") or "")
        if user.is_foreign(state, owner=self._make_owner(spec), password=password):
            raise _make_foreign(spec, verb=verb, what=f"user '{name}' exists")
        return state

    def _make_owner(self, spec: ResourceSpec) -> Owner:
        return Owner(
            installation=self._installation or tenant.get_installation(self._home),
            environment=spec.environment,
            id=spec.id,
        )


def _find_differences(
    state: UserState, *, name: str, server: Server, spec: ResourceSpec
) -> dict[str, str]:
    password = str(spec.outputs.get("password") or "")
    if not state.exists:
        return {"user": f"user '{name}' does not exist"}
    differences = {}
    if not state.is_on:
        differences["login"] = f"user '{name}' may not log in"
    elif not password:
        differences["password"] = "no password is recorded"  # noqa: S105 - a sentence
    elif not connection.can_log_in(server, name=name, password=password):
        differences["password"] = "the recorded password does not log in"  # noqa: S105 - a sentence
    if state.rules != state.marked_rules:
        differences["rules"] = f"user '{name}' may do other things than it should"
    if _is_moved(spec, server):
        differences["address"] = f"is {server} instead of {_get_address(spec)}"
    return differences


def _check_not_moved(spec: ResourceSpec, server: Server, state: UserState) -> None:
    """Refuse to begin empty where the data is on another server."""
    if _is_moved(spec, server) and not state.mark:
        raise Refused(
            "REDIS-MOVED",
            what=f"cannot apply resource '{spec.id}'",
            why=f"its keys are on '{_get_address(spec)}', "
            f"and the provisioner's inputs now name '{server}'",
            fix="move the keys and the hash fairway:owners first, or delete the resource",
            status=409,
        )


def _is_moved(spec: ResourceSpec, server: Server) -> bool:
    given = (spec.outputs.get("host"), spec.outputs.get("port"))
    return bool(spec.outputs) and given != (server.host, server.port)


def _get_address(spec: ResourceSpec) -> str:
    return f"{spec.outputs.get('host')}:{spec.outputs.get('port')}"


def _save(session: Session, progress: Progress) -> None:
    if not user.save(session):
        progress("the server forgets its users when it restarts: it has no aclfile")


def _make_name(spec: ResourceSpec) -> str:
    return tenant.make_name(spec.environment, spec.id, usual=_USUAL)


def _make_password() -> str:
    return secrets.token_urlsafe(24)


def _make_outputs(server: Server, name: str, password: str) -> JsonObject:
    host = f"[{server.host}]" if ":" in server.host else server.host
    login = f"{quote(name, safe='')}:{quote(password, safe='')}"
    scheme = "rediss" if server.is_tls else "redis"
    return {
        "host": server.host,
        "port": server.port,
        "username": name,
        "password": password,
        "url": f"{scheme}://{login}@{host}:{server.port}/0",
        "prefix": f"{name}:",
    }


def _make_foreign(spec: ResourceSpec, *, verb: str, what: str) -> Refused:
    return Refused(
        "REDIS-FOREIGN",
        what=f"cannot {verb} resource '{spec.id}'",
        why=f"{what} on the server and was not made for '{spec.id}' "
        f"in '{spec.environment}' by this platform",
        fix="remove it if nobody needs it, or give the provisioner another server",
        status=409,
    )


def _make_missing(spec: ResourceSpec, *, verb: str, name: str) -> Refused:
    return Refused(
        "REDIS-USER-MISSING",
        what=f"cannot {verb} resource '{spec.id}'",
        why=f"user '{name}' does not exist",
        fix="deploy its component, which makes it anew",
        status=404,
    )
