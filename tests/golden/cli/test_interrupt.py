"""Ctrl-C while a run is watched: the run goes on, and the last words say how to find it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

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
