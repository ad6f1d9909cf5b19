"""Server-sent events: frames, and waking streams when something changed.

Belongs here: the wire form and the bridge from worker threads to the event loop.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator

from fastapi.responses import StreamingResponse

from fairway.kits.canonical import JsonValue
from fairway.runtime.signal import Signals

KEEP_ALIVE_SECONDS = 15.0


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
