"""What is wanted of a workload, on disk.

Belongs here: the record and its sealed file; it holds secrets and is sealed whole. Never here:
carrying it out (`supervisor`).
"""

from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from fairway.agent import order
from fairway.agent.machine import storage
from fairway.agent.order import Order
from fairway.core.graph.live import SealedValue
from fairway.ports.sealer import Sealer


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """`wanted` names an order by its generation, None wants nothing.

    `good` is the last generation that was wholly ready, `is_settled` whether the wanted one was,
    since `applied_at`. `orders` hold every generation that still has replicas.
    """

    wanted: str | None = None
    good: str | None = None
    is_settled: bool = False
    applied_at: float = 0.0
    orders: dict[str, Order] = field(default_factory=dict)


class _Stored(msgspec.Struct):
    wanted: str | None
    good: str | None
    is_settled: bool
    applied_at: float
    orders: dict[str, msgspec.Raw]


class RecordFile:
    """The sealed file of one workload's record; all methods block."""

    def __init__(self, path: Path, sealer: Sealer, context: str) -> None:
        self._path, self._sealer, self._context = path, sealer, context

    def read(self) -> Record:
        """Return the record.

        Raises:
            Refused: SECRET-UNREADABLE, the platform's key is another.
            FileNotFoundError: there is none.
        """
        stored = storage.read_json(self._path)
        if stored is None:
            raise FileNotFoundError(self._path)
        sealed = SealedValue(sealed=str(stored["sealed"]), fingerprint=str(stored["fingerprint"]))
        found = msgspec.json.decode(self._sealer.open(sealed, context=self._context), type=_Stored)
        return Record(
            wanted=found.wanted,
            good=found.good,
            is_settled=found.is_settled,
            applied_at=found.applied_at,
            orders={key: order.parse_order(bytes(raw)) for key, raw in found.orders.items()},
        )

    def write(self, record: Record) -> None:
        """Replace the record durably.

        Raises:
            Unavailable: the disk refuses it; the old record holds.
        """
        stored = _Stored(
            wanted=record.wanted,
            good=record.good,
            is_settled=record.is_settled,
            applied_at=record.applied_at,
            orders={
                key: msgspec.Raw(order.render_order(found)) for key, found in record.orders.items()
            },
        )
        clear = msgspec.json.encode(stored).decode()
        sealed = self._sealer.seal(clear, context=self._context)
        storage.write_json(self._path, {"sealed": sealed.sealed, "fingerprint": sealed.fingerprint})

    def remove(self) -> None:
        """Remove it; absent already is success."""
        storage.remove_file(self._path)
