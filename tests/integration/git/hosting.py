"""A control plane that does nothing but host git, quick to start and to kill.

Each is forked from a process that has everything imported already.
"""

import multiprocessing
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.process import BaseProcess
from pathlib import Path

import uvicorn

from fairway.api.app import make_app
from fairway.api.context import ApiContext
from fairway.api.stream import Topics
from fairway.drivers.git.command import MARK
from fairway.drivers.sqlalchemy.store import open_store
from fairway.drivers.system.clock import SystemClock
from fairway.settings import Settings, read_settings
from fairway.usecases.access import manage_users
from fairway.usecases.platform import Actor, Platform
from fairway.usecases.source import manage_repositories
from fairway.usecases.source.manage_repositories import Rules
from fairway.wiring import control_plane, git_hosting
from tests.deadline import wait_until

OWNER = Actor(name="ana", is_admin=True)


@contextmanager
def open_platform(home: Path) -> Iterator[Platform]:
    """Open the platform's store and repositories in this process."""
    settings = _read_settings(home)
    home.mkdir(exist_ok=True)
    store = open_store(settings.database_url, SystemClock())
    try:
        yield control_plane.make_platform(settings, store, base_url="http://127.0.0.1")
    finally:
        store.close()


def prepare(home: Path, repository: str) -> str:
    """Make a user with a repository, and return a token."""
    with open_platform(home) as platform:
        manage_users.add_user(platform, OWNER, name="ana", is_admin=True)
        rules = Rules(owner="user:ana")
        manage_repositories.create_repository(platform, OWNER, repository, rules)
        return manage_users.create_token(platform, OWNER, user="ana").clear


class Hosting:
    """A control plane for `home` on `port`, started and killed any number of times.

    None is left when the block ends.
    """

    def __init__(self, home: Path, port: int) -> None:
        self._home = home
        self._port = port
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["tests.integration.git.hosting"])
        self._process: BaseProcess | None = None

    def __enter__(self) -> "Hosting":
        return self

    def __exit__(self, *_error: object) -> None:
        if self._process is not None:
            self.kill()

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._process = self._context.Process(target=_serve, args=(self._home, self._port))
        self._process.start()
        wait_until(self._is_up)

    def kill(self) -> None:
        """Kill it and every git process of its, as a power cut would."""
        assert self._process is not None
        self._process.kill()
        for pid in self.list_children():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.join()
        self._process.close()
        self._process = None

    def list_children(self) -> list[int]:
        """Return the git processes that work on its repositories."""
        return list_processes(self._home)

    def _is_up(self) -> bool:
        assert self._process is not None
        assert self._process.is_alive()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0


def list_processes(home: Path) -> list[int]:
    """Return the git processes that work on the repositories of `home`."""
    mark = f"{MARK}={home / 'repositories'}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return found


def fsck(home: Path, repository: str) -> None:
    """Fail unless git finds the repository whole."""
    folder = home / "repositories" / f"{repository}.git"
    done = subprocess.run(
        ["git", f"--git-dir={folder}", "fsck", "--strict", "--no-dangling"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def _read_settings(home: Path) -> Settings:
    return read_settings({"FAIRWAY_HOME": str(home), "PATH": os.environ["PATH"]})


def _serve(home: Path, port: int) -> None:
    settings = _read_settings(home)
    with open_platform(home) as platform, git_hosting.host_git(settings, platform) as git_server:
        context = ApiContext(
            platform=platform,
            topics=Topics(platform.signals),
            health_checks=(),
            shut_down=lambda: None,
            git_server=git_server,
            started_at=time.time(),
        )
        config = uvicorn.Config(make_app(context), port=port, log_level="error", lifespan="off")
        uvicorn.Server(config).run()
