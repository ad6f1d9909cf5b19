"""The machine's clock."""

from datetime import UTC, datetime

from fairway.ports.clock import Clock


class SystemClock(Clock):
    """Tells what the machine's clock says."""

    def now(self) -> datetime:
        return datetime.now(UTC)
