"""Rendering in a jail.

Belongs here: starting the programs of a language and telling people how they ended. Never here:
reading anything of a template. Start at `JailedRenderer`.
"""

import errno
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec

from fairway.core.finding.finding import Finding
from fairway.core.source.tree import Tree
from fairway.drivers.jail.program import Limits
from fairway.drivers.jail.run import Ending, run_jailed
from fairway.drivers.jail.scratch import open_scratch
from fairway.drivers.template.output import TooMuchOutput, UnsafeOutput, collect_tree
from fairway.kits.canonical import JsonObject
from fairway.kits.errors import Location, Problem, Refused, Unavailable
from fairway.ports.renderer import Renderer, Rendering, RenderLimits

_MAX_ANSWER_BYTES = 32 * 1024**2
_LAST_LINES = 20
_LIMITS_FIX = "make the template do less: it may use memory, time and disk within limits only"
Program: TypeAlias = Literal["read", "lint", "render"]
Answer: TypeAlias = Mapping[str, Any]  # Any: JSON from the jail


class JailedRenderer(Renderer):
    """Renders templates by programs in the jail; safe among threads and processes.

    `package` has three of them: `read`, `lint` and `render`. The jail is two walls around what a
    template may do, on top of that of its language: a process without secrets in its environment
    that may not start others, held to the limits; and a network of its own that leads nowhere,
    where the account may make one (as root, or where user namespaces are permitted). The process
    runs as the platform's account, so its files are behind the wall of the language only.

    `scratch` is a folder for what is rendered, on a disk with room for it.
    """

    def __init__(self, scratch: Path, package: str) -> None:
        self._scratch = scratch
        self._package = package

    def read_parameters(self, template: Path) -> JsonObject:
        with self._open_desk(template, "read") as desk:
            desk.run("read", {}, RenderLimits())
            parameters: JsonObject = desk.answer["parameters"]
            return parameters

    def check(self, template: Path) -> tuple[Finding, ...]:
        try:
            with self._open_desk(template, "check") as desk:
                desk.run("lint", {}, RenderLimits())
                findings = msgspec.convert(desk.answer["findings"], list[Finding])
        except Refused as refused:
            at = str(refused.at or "")
            return (
                Finding(at=at, code=refused.code, level="deny", text=refused.why, fix=refused.fix),
            )
        return tuple(sorted(findings))

    def render(
        self, template: Path, answers: Sequence[JsonObject], *, limits: RenderLimits
    ) -> tuple[Rendering, ...]:
        if not answers:
            return ()
        with self._open_desk(template, "render") as desk:
            desk.names = tuple(str(given.get("name", "")) for given in answers)
            request: JsonObject = {
                "answers": list(answers),
                "disk_bytes": limits.disk_bytes,
                "files": limits.files,
                "cpu_seconds": limits.cpu_seconds,
            }
            desk.run("render", request, limits, times=len(answers))
            return tuple(
                Rendering(
                    tree=desk.collect(number, limits),
                    answers=kept,
                    output=desk.answer["outputs"][number] if "outputs" in desk.answer else {},
                )
                for number, kept in enumerate(desk.answer["answers"])
            )

    @contextmanager
    def _open_desk(self, template: Path, verb: str) -> Iterator["_Desk"]:
        if not template.is_dir():
            why = f"there is no folder '{template.name}'"
            raise _refuse("TEMPLATE-INVALID", verb, why, fix="name the template's folder")
        try:
            with open_scratch(self._scratch) as scratch:
                yield _Desk(scratch, template, verb, package=self._package)
        except OSError as error:
            is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            raise _make_unavailable(error.strerror or str(error), verb, is_full=is_full) from error


class _Desk:
    """A work folder, in which a program is asked and answers."""

    def __init__(self, folder: Path, template: Path, verb: str, *, package: str) -> None:
        self.folder = folder
        self.answer: Answer = {}
        self.names: tuple[str, ...] = ()
        self._template = template
        self._verb = verb
        self._package = package

    def run(
        self, program: Program, request: JsonObject, limits: RenderLimits, *, times: int = 1
    ) -> None:
        """Have `program` answer; its limits are for each of the `times` that it works.

        Raises:
            Refused: TEMPLATE-….
            Unavailable: DISK-FULL.
        """
        asked = {**request, "template": str(self._template.absolute())}
        (self.folder / "request.json").write_text(json.dumps(asked, default=dict))
        lines: list[str] = []

        def take_line(line: bytes) -> None:
            lines.append(line.decode(errors="replace"))
            del lines[:-_LAST_LINES]

        ending = run_jailed(
            [sys.executable, "-P", "-s", "-m", f"{self._package}.{program}", str(self.folder)],
            make_jail_limits(limits, self.folder, times),
            cwd=self.folder,
            environment=_make_environment(self.folder),
            take_line=take_line,
        )
        self._take_answer(ending, lines, limits)

    def _take_answer(self, ending: Ending, lines: Sequence[str], limits: RenderLimits) -> None:
        path = self.folder / "answer.json"
        cause: str = ending.cause
        if not cause and lines and lines[-1].startswith("MemoryError"):
            cause = "memory"
        if not cause and path.is_file() and path.stat().st_size > _MAX_ANSWER_BYTES:
            cause = "memory"
        if cause:
            raise self._refuse_limit(cause, limits)
        if ending.code < 0:
            why = f"it ended its process by signal {-ending.code}"
            raise self.refuse("TEMPLATE-INVALID", why, fix="correct the template")
        if ending.code:
            raise RuntimeError("the program failed:\n" + "\n".join(lines))
        self.answer = json.loads(path.read_bytes())
        if failure := self.answer.get("failure"):
            raise self._explain(failure, limits)

    def _explain(self, failure: Answer, limits: RenderLimits) -> Problem:
        code, why = str(failure["code"]), _show(failure["why"])
        at = _make_location(failure["at"])
        if code == "TEMPLATE-LIMIT":
            return self._refuse_limit(why, limits, at=at)
        if code == "DISK-FULL":
            return _make_unavailable(why, self._verb, is_full=True)
        return self.refuse(code, why, fix=_show(failure["fix"]), at=at)

    def _refuse_limit(
        self, limit: str, limits: RenderLimits, *, at: Location | None = None
    ) -> Refused:
        why = _LIMIT_TEXTS[limit](limits)
        return self.refuse("TEMPLATE-LIMIT", why, fix=_LIMITS_FIX, at=at)

    def refuse(self, code: str, why: str, *, fix: str, at: Location | None = None) -> Refused:
        last = self._read_last()
        number = int(last.get("number", 0))
        name = self.names[number] if number < len(self.names) else ""
        place = at or (_make_location(last) if last else None)
        return _refuse(code, self._verb, why, fix=fix, at=place, name=name)

    def _read_last(self) -> Answer:
        """Return what the program worked on last, as far as it said."""
        try:
            last: Answer = json.loads((self.folder / "at.json").read_bytes().partition(b"\n")[0])
        except (OSError, ValueError):
            return {}
        return last

    def collect(self, number: int, limits: RenderLimits) -> Tree:
        root = self.folder / "out" / str(number)
        try:
            return collect_tree(root, disk_bytes=limits.disk_bytes, files=limits.files)
        except UnsafeOutput as error:
            fix = "correct the file's name or the link in the template"
            at = Location(file=error.path)
            raise self.refuse("TEMPLATE-PATH", error.why, fix=fix, at=at) from error
        except TooMuchOutput as error:
            raise self._refuse_limit(error.limit, limits) from error


def make_jail_limits(limits: RenderLimits, folder: Path, times: int) -> Limits:
    return Limits(
        memory_bytes=limits.memory_bytes,
        cpu_seconds=limits.cpu_seconds * times,
        wall_seconds=limits.wall_seconds * times,
        processes=1,
        disk_bytes=limits.disk_bytes * times,
        folder=str(folder),
        # Folders count too, and so do the desk's own papers.
        files=2 * limits.files * times + 10,
        is_offline=True,
    )


def _make_environment(folder: Path) -> dict[str, str]:
    return {
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "PATH": str(folder / "none"),
        "PYTHONDONTWRITEBYTECODE": "1",
        # The order of sets is the same each time.
        "PYTHONHASHSEED": "0",
        "TMPDIR": str(folder),
        "TZ": "UTC",
    }


_LIMIT_TEXTS: Mapping[str, Callable[[RenderLimits], str]] = {
    "memory": lambda limits: f"it takes more than {limits.memory_bytes // 1024**2} MiB of memory",
    "cpu": lambda limits: f"it takes more than {limits.cpu_seconds} s of CPU",
    "wall": lambda limits: f"it takes more than {limits.wall_seconds} s",
    "disk": lambda limits: f"it writes more than {limits.disk_bytes // 1024**2} MiB to disk",
    "files": lambda limits: f"it makes more than {limits.files} files",
    "processes": lambda _: "it starts other processes",
    "recursion": lambda _: "it calls or includes itself without end",
    "range": lambda _: "it counts over a range of more than 100000 numbers",
}


def _make_location(place: Answer) -> Location | None:
    if not place.get("file"):
        return None
    return Location(file=_show(place["file"]), line=int(place.get("line") or 0) or None)


def _show(text: object) -> str:
    """Return text that can be written out, whatever was in it."""
    return str(text).encode(errors="backslashreplace").decode()


def _refuse(
    code: str, verb: str, why: str, *, fix: str, at: Location | None = None, name: str = ""
) -> Refused:
    what = f"cannot {verb} the template" + (f" for '{name}'" if name else "")
    return Refused(code, what=what, why=why, fix=fix, at=at)


def _make_unavailable(why: str, verb: str, *, is_full: bool) -> Unavailable:
    return Unavailable(
        "DISK-FULL" if is_full else "RENDERER-UNAVAILABLE",
        what=f"cannot {verb} the template",
        why=why.lower(),
        fix="free space in the state folder" if is_full else "make the state folder writable",
        delay_seconds=30,
    )
