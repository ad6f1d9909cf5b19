"""Watching a run that takes its time: Ctrl-C leaves it, silence does not."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fairway.cli import client, follow
from fairway.cli.client import Client
from fairway.cli.views.run_story import RunStory
from tests.golden.cli.fake_api import FakeApi

ANSWERS = Path(__file__).with_name("deploy.json")
COMMAND = "promote orders --from staging --to prod"


def test_a_run_that_waits_for_approval_is_left_waiting() -> None:
    api = FakeApi(json.loads(ANSWERS.read_text()))
    environ = {**os.environ, "FAIRWAY_URL": api.url, "FAIRWAY_TOKEN": "t"}
    command = [sys.executable, "-u", "-m", "fairway", *COMMAND.split()]
    try:
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) as process:
            assert process.stdout is not None
            lines = iter(process.stdout)
            assert any("next: fairway approve 045ade2" in line for line in lines)
            process.send_signal(signal.SIGINT)
            rest = list(lines)
    finally:
        api.close()
    assert rest == [
        "Run 120 waits for approval. Follow it: fairway events 120 -f\n",
        "  stop it: fairway cancel 120\n",
    ]
    assert process.returncode == 130
    assert not any(request.startswith("POST /runs") for request in api.requests)


class _Lines:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)

    def show_activity(self, activity: str) -> None:
        pass


def test_a_quiet_run_is_watched_longer_than_a_platform_may_be_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client, "SILENCE_SECONDS", 0.1)
    monkeypatch.setattr(follow, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(follow, "AWAY_SECONDS", 0.2)
    end = {"event": "end", "data": {"id": 5, "state": "succeeded"}}
    api = FakeApi({"GET /runs/5/events": {"events": [{"quiet": 5}, end]}})
    asking = Client(api.url, "t")
    display = _Lines()
    try:
        ended = follow.follow_run(asking, 5, RunStory("orders", asking.get), display)
    finally:
        api.close()
    assert ended.text("state") == "succeeded"
    assert api.requests == ["GET /runs/5/events"] * 6
    assert display.lines == []
