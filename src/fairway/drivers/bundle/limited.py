"""Running a build step's command under the build's limits.

Belongs here: what a build gives its jail, cleaning its output, naming the limit that ended a
command. Never here: which commands a build runs. Start at `Workshop.run`.
"""

import re
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from fairway.drivers.jail.program import Limits
from fairway.drivers.jail.run import run_jailed
from fairway.kits.errors import Refused
from fairway.ports.builder import BuildLimits, BuildLog

_LAST_LINES = 20
_CREDENTIALS = re.compile(r"(://)[^/\s@]+@")
_LIMIT_CODES = {
    "wall": "BUILD-TIMEOUT",
    "cpu": "BUILD-TIMEOUT",
    "memory": "BUILD-MEMORY",
    "processes": "BUILD-PROCESSES",
    "disk": "BUILD-DISK",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a command ended: its exit code, and its last lines of output."""

    code: int
    last_lines: tuple[str, ...]


class Workshop:
    """A scratch folder in which the steps of one build run, under one set of limits."""

    def __init__(
        self,
        folder: Path,
        component: str,
        *,
        limits: BuildLimits,
        log: BuildLog,
        is_cancelled: Callable[[], bool],
    ) -> None:
        self.folder = folder
        self.component = component
        self._limits = limits
        self._log = log
        self._is_cancelled = is_cancelled
        self._ends_at = time.monotonic() + limits.wall_seconds

    def say(self, step: str, line: str) -> None:
        self._log(step, _CREDENTIALS.sub(r"\1•••@", line))

    def run(
        self, step: str, command: Sequence[str], *, cwd: Path, environment: Mapping[str, str]
    ) -> Outcome:
        """Run `command` to its end, streaming its lines; nothing that it started outlives it.

        Raises:
            Refused: BUILD-TIMEOUT, -MEMORY, -PROCESSES, -DISK or -CANCELLED.
        """
        self.check(step)
        lines: deque[str] = deque(maxlen=_LAST_LINES)
        limits = Limits(
            **asdict(self._limits) | {"wall_seconds": max(0.1, self._ends_at - time.monotonic())},
            folder=str(self.folder),
        )
        ending = run_jailed(
            command,
            limits,
            cwd=cwd,
            environment=environment,
            take_line=lambda line: self._take(step, line, lines),
            is_cancelled=self._is_cancelled,
        )
        if ending.cause:
            raise self._explain(step, ending.cause, lines)
        return Outcome(code=ending.code, last_lines=tuple(lines))

    def check(self, step: str) -> None:
        """Raise BUILD-CANCELLED or BUILD-TIMEOUT when the build should not go on."""
        if self._is_cancelled():
            raise self._explain(step, "cancelled", ())
        if time.monotonic() > self._ends_at:
            raise self._explain(step, "wall", ())

    def _take(self, step: str, line: bytes, lines: "deque[str]") -> None:
        text = line.decode(errors="replace").rstrip()
        text = _CREDENTIALS.sub(r"\1•••@", text.replace(str(self.folder), "."))
        lines.append(text)
        self._log(step, text)

    def refuse(
        self, step: str, why: str, *, fix: str, lines: Sequence[str] = (), code: str = "FAILED"
    ) -> Refused:
        """Return the error of a failed step, with its last lines."""
        tail = "".join(f"\n    {line}" for line in lines)
        return Refused(
            f"BUILD-{code}",
            what=f"cannot build component '{self.component}'",
            why=f"step {step}: {why}{tail}",
            fix=fix,
        )

    def _explain(self, step: str, cause: str, lines: Sequence[str]) -> Refused:
        if cause == "cancelled":
            fix = "start the build again"
            return self.refuse(step, "it was cancelled", fix=fix, lines=lines, code="CANCELLED")
        limits = self._limits
        said = {
            "wall": f"not done after {limits.wall_seconds} s",
            "cpu": f"used more than {limits.cpu_seconds} s of CPU",
            "memory": f"used more than {limits.memory_bytes // 1024**2} MiB of memory",
            "processes": f"started more than {limits.processes} processes at once",
            "disk": f"wrote more than {limits.disk_bytes // 1024**2} MiB to disk",
        }[cause]
        code = _LIMIT_CODES[cause].removeprefix("BUILD-")
        fix = "make the step need less, or ask the platform's owner to raise the build's limits"
        return self.refuse(step, said, fix=fix, lines=lines, code=code)
