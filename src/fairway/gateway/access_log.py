"""One line of JSON per request on standard output.

Belongs here: what is said about a request that ended. Never here: query strings, header values,
bodies: they may hold secrets.
"""

import json
import sys
from datetime import UTC, datetime


class AccessLog:
    """Gathers lines and writes them together; what cannot be written is dropped."""

    def __init__(self, *, is_on: bool) -> None:
        self._is_on = is_on
        self._lines: list[str] = []

    def add(self, **facts: str | int | float) -> None:
        if self._is_on:
            at = datetime.now(UTC).isoformat(timespec="milliseconds")
            self._lines.append(json.dumps({"at": at, **facts}))

    def flush(self) -> None:
        """Write the gathered lines; the gateway goes on when nobody reads them."""
        if not self._lines:
            return
        lines, self._lines = self._lines, []
        try:
            sys.stdout.write("\n".join(lines) + "\n")
            sys.stdout.flush()
        except OSError:
            self._is_on = False
