"""The loop over built-in golden paths: each is published once.

Belongs here: the bridge from the queue to `builtin_path`.
"""

from datetime import datetime

from fairway.ports.store.work_queue import Lease
from fairway.runtime.worker import Controller
from fairway.usecases.golden_path import builtin_path
from fairway.usecases.platform import Platform


class BuiltinPathController(Controller):
    """Looks at the built-in path of a name."""

    kind = builtin_path.BUILTIN_PATH
    concurrency = 1

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def reconcile(self, lease: Lease) -> datetime | None:
        builtin_path.publish_builtin(self._platform, lease.key)
        return None
