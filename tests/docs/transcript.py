"""Transcripts: commands and what they print, compared without what differs each time.

Belongs here: reading a console block and making two outputs comparable. Never here: running a
command. Start at `parse_transcript` and `normalise`.
"""

import re
from dataclasses import dataclass

_PROMPT = "$ "
_APPLIED = re.compile(r"^(  apply  |         )")
_DURATION = r"\d+(?:\.\d+)? (?:s|min|h)(?: \d+ (?:s|min))?"
_REPLACEMENTS = (
    (re.compile(r"\x1b\[[0-9;]*m"), ""),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z"), "<time>"),
    (re.compile(r"sha256:[0-9a-f]+…?"), "<digest>"),
    (re.compile(r"\bfwy_[\w-]+"), "<token>"),
    (re.compile(r"\b[0-9a-f]{7,64}\b"), "<id>"),
    (re.compile(r"-\d-[0-9a-f]{6}\b"), "-<instance>"),
    (re.compile(rf" {{2,}}{_DURATION}$"), ""),
    (re.compile(rf"{_DURATION}\b"), "<duration>"),
    (re.compile(r"\d+(\.\d+)? [KMGT]?i?B\b"), "<size>"),
    (re.compile(r" {2,}"), "  "),
    (re.compile(r"dependencies (unchanged|<duration>)"), "dependencies"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A command and the lines that it is said to print."""

    command: str
    output: tuple[str, ...]


def parse_transcript(text: str) -> tuple[Exchange, ...]:
    """Return the exchanges of a console block; `> ` continues a command on the next line."""
    exchanges: list[Exchange] = []
    for line in text.splitlines():
        if line.startswith(_PROMPT):
            exchanges.append(Exchange(command=line.removeprefix(_PROMPT), output=()))
            continue
        assert exchanges, f"a console block begins with a command, not with {line!r}"
        last = exchanges[-1]
        if line.startswith("> ") and not last.output:
            command = f"{last.command}\n{line.removeprefix('> ')}"
            exchanges[-1] = Exchange(command=command, output=())
        else:
            exchanges[-1] = Exchange(command=last.command, output=(*last.output, line))
    return tuple(exchanges)


def render_transcript(exchanges: tuple[Exchange, ...]) -> str:
    """Return the console block of `exchanges`."""
    lines = [
        line
        for exchange in exchanges
        for line in (_PROMPT + exchange.command.replace("\n", "\n> "), *exchange.output)
    ]
    return "".join(f"{line}\n" for line in lines)


def normalise(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Return lines that are equal for two runs of one command.

    Times, digests, sizes and the width of columns are left out. What is applied at the same time
    is told in the order in which it was done, so those lines are sorted.
    """
    rows: list[str] = []
    group: list[str] = []
    for line in lines:
        if _APPLIED.match(line):
            group.append(_replace(_APPLIED.sub("", line)))
            continue
        rows += sorted(group)
        group = []
        rows.append(_replace(line))
    return tuple(row for row in (*rows, *sorted(group)) if row)


def _replace(line: str) -> str:
    for pattern, text in _REPLACEMENTS:
        line = pattern.sub(text, line.strip())
    return line.strip()


def matches(expected: tuple[str, ...], actual: tuple[str, ...]) -> bool:
    """Return whether `actual` is as documented; a line `…` stands for any lines."""
    wanted, found = normalise(expected), normalise(actual)
    if "…" not in wanted:
        return wanted == found
    patterns = [r"(?:.*\n)*" if row == "…" else re.escape(row) + r"\n" for row in wanted]
    return re.fullmatch("".join(patterns), "".join(f"{row}\n" for row in found)) is not None
