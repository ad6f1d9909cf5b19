"""Redis as a subject of the contract suite."""

from collections.abc import Callable

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from fairway.drivers.redis import connection
from fairway.kits.canonical import JsonObject
from fairway.ports.provisioner import Provisioner
from tests.contract.provisioner.subject import Subject


class RedisSubject(Subject):
    """A Redis server; `url` is its administrator's."""

    type = "redis"

    def __init__(self, open_: Callable[[], Provisioner], *, inputs: JsonObject, url: str) -> None:
        self.open = open_
        self.inputs = inputs
        self._url = url

    def can_use(self, outputs: JsonObject) -> bool:
        key = f"{outputs['prefix']}used"
        with _connect(str(outputs["url"])) as session:
            try:
                session.set(key, "yes")
                session.delete(key)
            except redis.AuthenticationError:
                return False
        return True

    def write(self, outputs: JsonObject) -> None:
        with _connect(str(outputs["url"])) as session:
            session.set(f"{outputs['prefix']}order", "coffee", ex=3600)

    def has_written(self, outputs: JsonObject) -> bool:
        with _connect(str(outputs["url"])) as session:
            return bool(session.get(f"{outputs['prefix']}order") == b"coffee")

    def list_damages(self, outputs: JsonObject) -> dict[str, Callable[[], object]]:
        name = str(outputs["username"])
        return {
            "password": lambda: self._run("ACL", "SETUSER", name, "resetpass", ">another"),
            "login": lambda: self._run("ACL", "SETUSER", name, "off"),
            "rules": lambda: self._run("ACL", "SETUSER", name, "~*"),
            "user": lambda: self._run("ACL", "DELUSER", name),
        }

    def make_foreign(self, outputs: JsonObject) -> None:
        self._run("ACL", "SETUSER", str(outputs["username"]), "on", ">theirs", "~theirs:*")

    def remove_foreign(self, outputs: JsonObject) -> None:
        self._run("ACL", "DELUSER", str(outputs["username"]))

    def list_things(self) -> tuple[str, ...]:
        with _connect(self._url) as session:
            users = [name.decode() for name in connection.ask(session, "ACL", "USERS")]
            keys = [key.decode() for key in connection.ask(session, "KEYS", "orders_*")]
            owned = [name.decode() for name in connection.ask(session, "HKEYS", "fairway:owners")]
        things = [f"user {name}" for name in users if name.startswith("orders_")]
        return tuple(sorted([*things, *(f"key {key}" for key in keys), *owned]))

    def _run(self, *command: str) -> None:
        with _connect(self._url) as session:
            connection.ask(session, *command)


def _connect(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0))
