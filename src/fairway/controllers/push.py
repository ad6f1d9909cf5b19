"""The loop over branches: each is brought to where its newest push wants it.

Belongs here: the bridge from the queue to `deliver_push`.
"""

from datetime import datetime

from fairway.ports.store.work_queue import Lease
from fairway.runtime.worker import Controller
from fairway.usecases.platform import Platform
from fairway.usecases.source import deliver_push


class PushController(Controller):
    """Looks at `<repository>/<branch>`."""

    kind = deliver_push.PUSH
    concurrency = 4

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def reconcile(self, lease: Lease) -> datetime | None:
        repository, _, branch = lease.key.partition("/")
        deliver_push.deliver_branch(self._platform, repository, branch)
        return None
