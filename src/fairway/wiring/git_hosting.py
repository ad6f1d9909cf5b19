"""Hosting git: the server, and the gate through which pushes go.

Belongs here: tying git's hooks to use cases, and leaving nothing of a dead control plane behind.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fairway.drivers.git import recovery
from fairway.drivers.git.hook_server import HookGate
from fairway.drivers.git.http_backend import GitHttpBackend
from fairway.ports.git_server import GitServer, HookAnswer, HookCall
from fairway.settings import Settings
from fairway.usecases.platform import Platform
from fairway.usecases.source import check_push, receive_push


@contextmanager
def host_git(settings: Settings, platform: Platform) -> Iterator[GitServer]:
    """Answer git's hooks until the block ends, and give the server whose pushes ask them.

    The home is held: whoever still works on its repositories belongs to a dead control plane.
    """
    recovery.recover(settings.home / "repositories")

    def answer(call: HookCall) -> HookAnswer:
        if call.stage == "pre-receive":
            return check_push.check_push(platform, call)
        return receive_push.receive_push(platform, call)

    gate = HookGate(settings.home / "git", Path(sys.executable).resolve())
    with gate.serve(answer):
        yield GitHttpBackend(platform.source_control, gate, max_push_bytes=settings.push_max_bytes)
