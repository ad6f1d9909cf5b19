"""The loop over lanes: each carries its oldest run.

Belongs here: the bridge from the queue to the engine.
"""

from datetime import datetime

from fairway.ports.store.work_queue import Lease
from fairway.runtime.engine import LANE, Engine
from fairway.runtime.worker import Controller


class LaneController(Controller):
    """Advances the oldest run of a lane as far as it goes."""

    kind = LANE
    concurrency = 8

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def reconcile(self, lease: Lease) -> datetime | None:
        return self._engine.advance(lease)
