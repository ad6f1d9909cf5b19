"""Processes of the agent's own that must outlive it: the gateway and the relay.

Belongs here: running one like a container, from a command. Never here: what it is told.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from fairway.agent.container import Check, Container, ContainerPlan
from fairway.agent.setting import ProbeSettings, Settings

_PASSED_ON = ("PATH", "HOME", "LANG", "TZ", "VIRTUAL_ENV")


def make_daemon(folder: Path, command: Sequence[str], check: Check | None) -> Container:
    """Return a container that keeps `command` running; `check` says why it is unwell."""

    def make_request(number: int) -> dict[str, object]:
        kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        return {
            "attempt": number,
            "argv": list(command),
            "env": {**kept, "PYTHONUNBUFFERED": "1"},
            "cwd": "/",
            "cgroups": [],
            "rlimits": {},
            "mounts": [],
            "scratch": "",
            "log_bytes": 10 * 1024**2,
            "log_files": 3,
            "stop_seconds": 10.0,
        }

    return Container(
        ContainerPlan(
            name=folder.name,
            folder=folder,
            is_job=False,
            settings=Settings(
                backoff_seconds=0.1,
                backoff_max_seconds=5,
                liveness=ProbeSettings(period_seconds=2, timeout_seconds=5, failure_threshold=5),
            ),
            memory_limit=None,
            make_request=make_request,
            count_oom_kills=lambda _: 0,
            forget_run=lambda _: None,
            wait_for_turn=_begin_at_once,
            readiness=check,
            liveness=check,
            on_change=lambda: None,
        )
    )


async def _begin_at_once() -> None:
    return
