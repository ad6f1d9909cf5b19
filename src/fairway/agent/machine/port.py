"""Loopback ports for replicas.

Belongs here: choosing ports that nobody else has. Never here: what listens on them.
"""

import random
import socket
from collections.abc import Iterable

from fairway.kits.errors import Unavailable

# Below what Linux gives to outgoing connections (32768 up), so that none takes one by chance.
RANGE = range(20_000, 32_000)
_TRIES = 500


class Ports:
    """The ports that the agent has given out."""

    def __init__(self) -> None:
        self._taken: set[int] = set()

    def take(self) -> int:
        """Return a port that is free and given to nobody else.

        Raises:
            Unavailable: PORTS-EXHAUSTED.
        """
        for _ in range(_TRIES):
            port = random.choice(RANGE)
            if port not in self._taken and is_free(port):
                self._taken.add(port)
                return port
        raise Unavailable(
            "PORTS-EXHAUSTED",
            what="cannot start instance",
            why=f"no free loopback port from {RANGE.start} to {RANGE.stop - 1}",
            fix="stop what holds these ports",
        )

    def keep(self, ports: Iterable[int]) -> None:
        """Mark ports as given out: a replica of an earlier agent has them."""
        self._taken.update(ports)

    def give_back(self, ports: Iterable[int]) -> None:
        """Make ports available again."""
        self._taken.difference_update(ports)


def is_free(port: int) -> bool:
    """Return whether a server could listen on the loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError:
            return False
    return True
