"""The loops over repositories: what was missed, what moved at the origin, what can be packed.

Belongs here: when to look again. Never here: what is done then (`fairway.usecases.source`).
"""

from datetime import datetime, timedelta

from fairway.kits.errors import Refused
from fairway.ports.store.work_queue import Lease
from fairway.runtime.worker import Controller
from fairway.usecases.platform import Platform
from fairway.usecases.source import follow_origin, manage_repositories, receive_push

PACK_AGAIN = timedelta(days=1)


class RepositoryController(Controller):
    """Finds pushes that nobody could note, and follows the origin every `poll_seconds`."""

    kind = manage_repositories.REPOSITORY
    concurrency = 2

    def __init__(self, platform: Platform, *, poll_seconds: float) -> None:
        self._platform = platform
        self._poll = timedelta(seconds=poll_seconds)

    def reconcile(self, lease: Lease) -> datetime | None:
        try:
            receive_push.find_missed(self._platform, lease.key)
            is_followed = follow_origin.follow_origin(self._platform, lease.key)
        except Refused as refused:
            if refused.code != "REPOSITORY-UNKNOWN":
                raise
            return None
        return self._platform.clock.now() + self._poll if is_followed else None


class GarbageController(Controller):
    """Packs what is loose once a day; the queue remembers when."""

    kind = manage_repositories.GARBAGE
    concurrency = 1

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def reconcile(self, lease: Lease) -> datetime | None:
        if not self._platform.source_control.has(lease.key):
            return None
        self._platform.source_control.collect_garbage(lease.key)
        return self._platform.clock.now() + PACK_AGAIN
