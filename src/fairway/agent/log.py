"""Reading what containers wrote.

Belongs here: lines of one workload's containers, in order, from a place on. Never here: writing
them (`shim`). A cursor holds for each source (a container of a replica) the time of its last line
that was read, so that a line which reaches the disk late is not lost after a resumption.
"""

import heapq
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from fairway.agent.replica import read_record
from fairway.kits.digest import make_digest, shorten
from fairway.kits.errors import Refused
from fairway.ports.target import LogLine

_NAME = "output.log"
_BLOCK = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A container of a replica, in `folder`; `key` is short and names it in cursors."""

    folder: Path
    instance: str
    container: str
    release: int
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    time: int
    stream: Literal["stdout", "stderr"]
    text: str


@dataclass(slots=True)
class _Follower:
    """Reads a source's files in order and notices when they were turned over."""

    source: Source
    after: int
    inode: int = 0
    offset: int = 0
    pending: list[_Record] = field(default_factory=list)

    def read(self) -> list[_Record]:
        """Return complete new records."""
        path = self.source.folder / _NAME
        try:
            found = path.stat()
        except FileNotFoundError:
            return []
        records: list[_Record] = []
        if found.st_ino != self.inode:
            for older in _list_older(path):
                records.extend(_read_records(older, 0, self.after)[0])
            self.inode, self.offset = found.st_ino, 0
        elif found.st_size == self.offset:
            return []
        after = records[-1].time if records else self.after
        fresh, self.offset = _read_records(path, self.offset, after)
        records.extend(fresh)
        if records:
            self.after = records[-1].time
        return records


def list_sources(folder: Path, release: int | None = None) -> list[Source]:
    """Return the sources in a workload's folder, of one release if given."""
    found = []
    for replica in sorted(folder.glob("*/")):
        record = read_record(replica)
        if record is None or (release is not None and record.release != release):
            continue
        for path in sorted(replica.glob(f"*/{_NAME}")):
            key = shorten(make_digest(f"{record.id}/{path.parent.name}".encode()), 6)
            found.append(
                Source(
                    folder=path.parent,
                    instance=record.id,
                    container=path.parent.name,
                    release=record.release,
                    key=key,
                )
            )
    return found


class LogReader:
    """Reads all sources of a workload from a cursor on; `read` gives what came since."""

    def __init__(
        self, folder: Path, *, release: int | None = None, after: str | None = None
    ) -> None:
        self._folder, self._release = folder, release
        self._positions = dict(parse_cursor(after)) if after else {}
        self._followers: dict[str, _Follower] = {}

    def read(self, tail: int | None = None) -> Iterator[LogLine]:
        """Yield the lines that came since the last call, by time; only the last `tail` of them.

        Blocking.
        """
        for source in list_sources(self._folder, self._release):
            if source.key not in self._followers:
                after = self._positions.get(source.key, 0)
                self._followers[source.key] = _Follower(source=source, after=after)
        batches = []
        for key, follower in self._followers.items():
            records = follower.read()
            if tail is not None:
                for record in records[: -tail or None]:
                    self._positions[key] = record.time
                records = records[-tail:] if tail else []
            batches.append([(record.time, key, record) for record in records])
        merged = list(heapq.merge(*batches, key=lambda item: item[:2]))
        skipped = len(merged) - tail if tail is not None else 0
        for number, (time, key, record) in enumerate(merged):
            self._positions[key] = time
            if number >= skipped:
                yield self._make_line(self._followers[key].source, record)

    def _make_line(self, source: Source, record: _Record) -> LogLine:
        return LogLine(
            at=datetime.fromtimestamp(record.time / 1e9, UTC),
            instance=source.instance,
            container=source.container,
            stream=record.stream,
            text=record.text,
            cursor=render_cursor(self._positions),
        )


def render_cursor(positions: Mapping[str, int]) -> str:
    """Return positions as a cursor.

    Example:
        >>> render_cursor({"0a1b2c": 255})
        '0a1b2cff'
    """
    return ".".join(f"{key}{time:x}" for key, time in sorted(positions.items()))


def parse_cursor(cursor: str) -> dict[str, int]:
    """Return the positions in a cursor.

    Raises:
        Refused: CURSOR-INVALID.
    """
    try:
        return {part[:6]: int(part[6:], 16) for part in cursor.split(".")}
    except ValueError as error:
        raise Refused(
            "CURSOR-INVALID",
            what="cannot read logs",
            why=f"'{cursor[:80]}' is not a cursor",
            fix="use the cursor of a line that was read before, or none",
            status=400,
        ) from error


def _list_older(path: Path) -> list[Path]:
    """Return the files that were turned over, oldest first."""
    older = [found for found in path.parent.glob(f"{path.name}.*") if found.suffix[1:].isdigit()]
    return sorted(older, key=lambda found: -int(found.suffix[1:]))


def _read_records(path: Path, offset: int, after: int) -> tuple[list[_Record], int]:
    """Return the whole records from `offset` that are later than `after`, and where they end."""
    records = []
    try:
        with path.open("rb") as file:
            file.seek(offset)
            content = file.read()
    except FileNotFoundError:
        return [], offset
    end = content.rfind(b"\n") + 1
    for line in content[:end].split(b"\n")[:-1]:
        time, stream, text = line.split(b" ", 2)
        if int(time) > after:
            records.append(
                _Record(
                    time=int(time),
                    stream="stdout" if stream == b"o" else "stderr",
                    text=text.decode(errors="replace"),
                )
            )
    return records, offset + end


def read_last_lines(folder: Path, count: int) -> tuple[str, ...]:
    """Return the last lines of one container's folder. Reads no more than a block. Blocking."""
    path = folder / _NAME
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(0, size - _BLOCK))
            content = file.read()
    except FileNotFoundError:
        return ()
    lines = content.split(b"\n")[1 if size > _BLOCK else 0 : -1]
    return tuple(line.split(b" ", 2)[2].decode(errors="replace") for line in lines[-count:])
