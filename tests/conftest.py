"""What holds for every test: which real components there are, and whether a skip may pass.

The run ends by naming the components that tests used. With FAIRWAY_TEST_NO_SKIP set, as in CI,
a skipped test fails: there, everything that a test needs is installed.
"""

import os
import platform
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.servers import find_postgresql_binaries

settings.register_profile("fairway", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("fairway")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if (
        os.environ.get("FAIRWAY_TEST_NO_SKIP")
        and report.skipped
        and not hasattr(report, "wasxfail")
    ):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and nothing may be skipped here"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if terminalreporter.config.getoption("collectonly"):
        return
    terminalreporter.section("real components")
    for name, version in _list_components():
        terminalreporter.write_line(f"{name:<12} {version}")


def _list_components() -> Iterator[tuple[str, str]]:
    yield "Python", f"{platform.python_version()} on {platform.platform()}"
    yield "SQLite", sqlite3.sqlite_version
    yield "PostgreSQL", _ask(str(find_postgresql_binaries() / "postgres"), "--version")
    for name, program, flag in (
        ("Redis", "redis-server", "--version"),
        ("git", "git", "--version"),
        ("uv", f"{Path(sys.executable).parent}/uv", "--version"),
    ):
        yield name, _ask(program, flag)


def _ask(program: str, flag: str) -> str:
    found = shutil.which(program)
    if found is None:
        return "not installed"
    done = subprocess.run([found, flag], capture_output=True, text=True, check=False)
    return done.stdout.strip().splitlines()[0] if done.stdout.strip() else "?"
