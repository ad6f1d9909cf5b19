"""Server-sent events: frames, signs of life, and waking streams when something changed.

Belongs here: the wire form and the bridge from worker threads to the event loop.
"""

import asyncio
import json
import threading
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Generator
from contextlib import suppress

from anyio import CapacityLimiter, to_thread
from fastapi.responses import StreamingResponse

from fairway.kits.canonical import JsonValue
from fairway.runtime.signal import Signals

KEEP_ALIVE_SECONDS = 15.0
# A comment, which clients skip: it tells both ends that the other is there.
KEEP_ALIVE = b":\n\n"


class Topics:
    """Wakes coroutines that wait for a topic of `Signals`; used on one event loop only."""

    def __init__(self, signals: Signals) -> None:
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._loop: asyncio.AbstractEventLoop | None = None
        signals.add_listener(self._notify)

    def _notify(self, topic: str) -> None:
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._wake, topic)

    def _wake(self, topic: str) -> None:
        for event in self._waiting.get(topic, ()):
            event.set()

    async def follow(self, topic: str, *, timeout_seconds: float) -> AsyncIterator[None]:
        """Yield at once, then whenever the topic moved or the timeout passed."""
        self._loop = asyncio.get_running_loop()
        event = asyncio.Event()
        self._waiting[topic].add(event)
        try:
            while True:
                event.clear()
                yield
                try:
                    await asyncio.wait_for(event.wait(), timeout_seconds)
                except TimeoutError:
                    continue
        finally:
            self._waiting[topic].discard(event)
            if not self._waiting[topic]:
                del self._waiting[topic]


class Pulse:
    """Says when a stream was quiet for so long that a sign of life is due."""

    def __init__(self) -> None:
        self._since = time.monotonic()

    def beat(self) -> None:
        """Note that something was sent."""
        self._since = time.monotonic()

    def is_due(self) -> bool:
        """Return whether nothing was sent for a while."""
        return time.monotonic() - self._since >= KEEP_ALIVE_SECONDS


async def read_in_threads(
    frames: Generator[bytes | None], limiter: CapacityLimiter
) -> AsyncIterator[bytes]:
    """Yield the frames of a blocking generator, each awaited on a thread.

    The generator gives None now and then while it has nothing; that is told as a sign of life. A
    reader that goes away leaves the thread behind only until the generator gives anything; what
    it holds is then let go.
    """
    is_gone = threading.Event()

    def take() -> bytes:
        frame = next(frames, b"")
        if is_gone.is_set():
            frames.close()
        return KEEP_ALIVE if frame is None else frame

    try:
        while frame := await to_thread.run_sync(take, abandon_on_cancel=True, limiter=limiter):
            yield frame
    finally:
        is_gone.set()
        with suppress(ValueError):  # it is at work: its thread will close it
            frames.close()


def render_event(data: JsonValue, *, event: str = "", event_id: str = "") -> bytes:
    """Return one frame."""
    head = (f"id: {event_id}\n" if event_id else "") + (f"event: {event}\n" if event else "")
    return f"{head}data: {json.dumps(data, ensure_ascii=False, default=dict)}\n\n".encode()


def make_answer(frames: AsyncIterator[bytes]) -> StreamingResponse:
    """Return the streaming answer that sends `frames`."""
    return StreamingResponse(
        frames,
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
