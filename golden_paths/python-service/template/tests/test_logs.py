"""What a line of the log holds."""

import json
import logging

import pytest

from app import logs


def test_a_line_is_json_with_what_was_given(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO")
    logging.getLogger("shop").info("sold %s", "rope", extra={"item": 7})
    line = json.loads(capsys.readouterr().out)
    assert line.pop("time").endswith("+00:00")
    assert line == {"level": "info", "logger": "shop", "message": "sold rope", "item": 7}


def test_an_exception_is_a_part_of_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO")
    try:
        raise ValueError("nothing left")
    except ValueError:
        logging.getLogger("shop").exception("failed")
    line = json.loads(capsys.readouterr().out)
    assert "ValueError: nothing left" in line["exception"]


@pytest.mark.parametrize(
    ("path", "status", "is_told"),
    [("/ready", 200, False), ("/ready", 503, True), ("/", 200, True)],
)
def test_probes_that_go_well_are_not_told(
    path: str, status: int, *, is_told: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("INFO")
    access = logging.getLogger("uvicorn.access")
    access.info('%s - "%s %s HTTP/%s" %d', "127.0.0.1:1", "GET", path, "1.1", status)
    assert bool(capsys.readouterr().out) == is_told
