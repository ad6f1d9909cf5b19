"""Starting a command in a jail and following it to its end.

Belongs here: the platform's side of `program.py`, which holds the command to its limits. Never
here: errors for people. Start at `run_jailed`.
"""

import json
import os
import selectors
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from fairway.drivers.jail import program
from fairway.drivers.jail.program import Limits

MAX_LINE_BYTES = 16 * 1024
_KILLED = b'{"code": 137, "cause": "", "is_held_by_kernel": false}'

# What ended a command before it was done; empty when it ended by itself.
Cause: TypeAlias = Literal["", "cancelled", "wall", "cpu", "memory", "processes", "disk", "files"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a command ended. `is_held_by_kernel` says whether control groups were to be had."""

    code: int
    cause: Cause
    is_held_by_kernel: bool


def run_jailed(
    command: Sequence[str],
    limits: Limits,
    *,
    cwd: Path,
    environment: Mapping[str, str],
    take_line: Callable[[bytes], None],
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Ending:
    """Run `command` to its end; nothing that it started outlives it, nor this process.

    It sees no variable but those of `environment`, and an empty standard input. `take_line` is
    given each line of its output as it comes, cut at `MAX_LINE_BYTES`.
    """
    report_in, report_out = os.pipe()
    try:
        jail = subprocess.Popen(
            [
                *(sys.executable, "-I", "-S", program.__file__),
                *(str(report_out), json.dumps(asdict(limits)), *command),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=dict(environment),
            pass_fds=(report_out,),
            start_new_session=True,
        )
        os.close(report_out)
        with jail:
            _stream(jail, take_line, is_cancelled)
        return Ending(**json.loads(os.read(report_in, 4096) or _KILLED))
    finally:
        os.close(report_in)


def _stream(
    jail: "subprocess.Popen[bytes]",
    take_line: Callable[[bytes], None],
    is_cancelled: Callable[[], bool],
) -> None:
    """Pass output on until all its writers are gone; closing standard input ends them."""
    assert jail.stdin is not None
    assert jail.stdout is not None
    buffer = b""
    with selectors.DefaultSelector() as selector:
        selector.register(jail.stdout, selectors.EVENT_READ)
        while True:
            if not jail.stdin.closed and is_cancelled():
                jail.stdin.close()
            if not selector.select(0.1):
                continue
            part = os.read(jail.stdout.fileno(), 65536)
            *whole, buffer = (buffer + part).split(b"\n")
            if buffer and (not part or len(buffer) > MAX_LINE_BYTES):
                whole, buffer = [*whole, buffer], b""
            for line in whole:
                take_line(line[:MAX_LINE_BYTES])
            if not part:
                return
