"""Logs as one JSON object a line, on standard output."""

import json
import logging
import sys
from datetime import UTC, datetime
from http import HTTPStatus

_PROBES = ("/live", "/ready")
_FIELDS_OF_ACCESS = 5
# What every record has; all else was given as `extra`.
_KNOWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "color_message", "taskName"}


class JsonFormatter(logging.Formatter):
    """Renders a record with what was given as `extra`, and its exception."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: value for name, value in vars(record).items() if name not in _KNOWN}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


def is_worth_a_line(record: logging.LogRecord) -> bool:
    """Return whether the record is anything but a probe that went well, of which there are many."""
    if record.name != "uvicorn.access" or not isinstance(record.args, tuple):
        return True
    if len(record.args) != _FIELDS_OF_ACCESS:
        return True
    _, _, path, _, status = record.args
    return path not in _PROBES or status != HTTPStatus.OK


def configure(level: str) -> None:
    """Let everything that is logged be one JSON object a line."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    handler.addFilter(is_worth_a_line)
    logging.basicConfig(level=level, handlers=[handler], force=True)
