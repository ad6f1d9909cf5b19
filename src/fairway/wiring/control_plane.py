"""The control plane: API and workers in one process.

Belongs here: making every port from settings, and the order of starting and stopping.
Killing this process stops no workload. Start at `run_control_plane`.
"""

import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path

import uvicorn

from fairway import builtin
from fairway.agent.api.client import AgentClient, ensure_agent
from fairway.api.app import make_app
from fairway.api.context import ApiContext
from fairway.api.stream import Topics
from fairway.controllers.builtin_path import BuiltinPathController
from fairway.controllers.drift import DriftController
from fairway.controllers.lane import LaneController
from fairway.controllers.push import PushController
from fairway.controllers.repository import GarbageController, RepositoryController
from fairway.core.release.release import Artifact
from fairway.drivers.aesgcm.sealer import open_sealer
from fairway.drivers.bundle.builder import BundleBuilder
from fairway.drivers.copier.renderer import CopierRenderer
from fairway.drivers.filesystem.blob_store import FileBlobStore
from fairway.drivers.git.source_control import GitSourceControl
from fairway.drivers.jsonschema.checker import JsonSchemaChecker
from fairway.drivers.scaffolder.renderer import BackstageRenderer, RendererByLanguage
from fairway.drivers.sqlalchemy.store import SqlStore, open_store
from fairway.drivers.system.clock import SystemClock
from fairway.kits.digest import Digest
from fairway.kits.errors import Unavailable
from fairway.ports.builder import BuildLimits
from fairway.ports.driver import DriverContext
from fairway.ports.git_server import GitServer
from fairway.runtime.engine import Engine
from fairway.runtime.signal import Signals
from fairway.runtime.worker import WorkerPool
from fairway.settings import Settings
from fairway.usecases.delivery.steps import executors
from fairway.usecases.golden_path import builtin_path
from fairway.usecases.golden_path.steps import executors as path_executors
from fairway.usecases.platform import Platform
from fairway.usecases.source import deliver_push, manage_repositories
from fairway.wiring import first_start, git_hosting, health, registry, waking
from fairway.wiring import home as homes
from fairway.wiring.waking import AgentWatcher

STOP_SECONDS = 5
_BACKLOG = 128
OnReady = Callable[[str, float], None]
_LOG = logging.getLogger(__name__)


def run_control_plane(settings: Settings, on_ready: OnReady) -> None:
    """Run the platform until SIGINT or SIGTERM; workloads go on afterwards.

    `on_ready` is called once, with the API's URL and the seconds that starting took.

    Raises:
        Refused: UP-ALREADY, HOME-UNUSABLE, STORE-NEWER, PORT-TAKEN and what drivers refuse.
        Unavailable: STORE-AWAY, AGENT-FAILED.
    """
    began = time.monotonic()
    with ExitStack() as stack:
        stack.enter_context(homes.hold_home(settings.home))
        listener = stack.enter_context(_listen(settings.port))
        store = open_store(settings.database_url, SystemClock())
        stack.callback(store.close)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        platform = make_platform(settings, store, base_url=settings.public_url or url)
        git_server = stack.enter_context(git_hosting.host_git(settings, platform))
        first_start.prepare(platform, settings.home)
        _ensure_agent(settings)  # last: nothing is left running by a start that is refused
        watcher = stack.enter_context(_work(settings, platform, store))
        homes.write_endpoint(settings.home, url)
        stack.callback(homes.remove_endpoint, settings.home)
        server = _make_server(settings, platform, git_server, watcher=watcher)
        # The server raises the signal that ended it once more: it is time to leave in order.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with suppress(KeyboardInterrupt):
            listener.listen(_BACKLOG)  # whoever hears that it is ready may connect at once
            on_ready(url, time.monotonic() - began)
            server.run([listener])


def make_platform(settings: Settings, store: SqlStore, *, base_url: str) -> Platform:
    """Return the platform with its drivers on `store`."""
    python = Path(sys.executable).resolve()
    blobs = FileBlobStore(settings.home / "blobs")

    def find_artifact(digest: Digest) -> Artifact | None:
        with store.read() as tx:
            return tx.releases.find_artifact(digest)

    builder = BundleBuilder(
        blobs, settings.home, python, find_artifact=find_artifact, cache=settings.cache / "uv"
    )
    context = DriverContext(
        home=settings.home, data_root=settings.data_root, unpack=builder.unpack, python=python
    )
    provisioners = registry.load_provisioners(context)
    return Platform(
        store=store,
        clock=SystemClock(),
        signals=Signals(),
        sealer=open_sealer(settings.home),
        schemas=JsonSchemaChecker(),
        blobs=blobs,
        builder=builder,
        source_control=GitSourceControl(settings.home / "repositories"),
        renderer=RendererByLanguage(
            copier=CopierRenderer(settings.home / "scratch"),
            backstage=BackstageRenderer(settings.home / "scratch"),
        ),
        builtin_paths=builtin.list_builtin_paths(),
        targets=registry.InstalledTargets(context),
        build_limits=BuildLimits(**settings.build_limits),
        provisioners=provisioners,
        traits={name: registry.make_traits(item) for name, item in provisioners.items()},
        backups=settings.home / "backups",
        base_url=base_url,
    )


def _ensure_agent(settings: Settings) -> AgentClient:
    command = [sys.executable, "-m", "fairway", "agent", "run", "--home", str(settings.home)]
    return ensure_agent(settings.home, command)


@contextmanager
def _work(settings: Settings, platform: Platform, store: SqlStore) -> Iterator[AgentWatcher]:
    """Carry runs and watch deployments until the block ends."""
    engine = Engine(
        platform.store,
        platform.clock,
        platform.signals,
        {**executors.make_executors(platform), **path_executors.make_executors(platform)},
        on_end=partial(deliver_push.note_run_ended, platform),
    )
    pool = WorkerPool(
        store.queue,
        platform.clock,
        (
            LaneController(engine),
            DriftController(platform),
            PushController(platform),
            BuiltinPathController(platform),
            RepositoryController(platform, poll_seconds=settings.poll_seconds),
            GarbageController(platform),
        ),
        owner=f"{socket.gethostname()}-{os.getpid()}",
    )
    # The home is held and the store is this platform's: whoever has a lease there is dead.
    store.queue.expire_leases()
    waking.mark_all(platform)
    manage_repositories.mark_all(platform)
    builtin_path.mark_builtin(platform)
    watcher = AgentWatcher(platform, lambda: _ensure_agent(settings))
    pool.start()
    watcher.start()
    try:
        yield watcher
    finally:
        watcher.stop()
        engine.interrupt()
        pool.stop()
        engine.close()


@contextmanager
def _listen(port: int) -> Iterator[socket.socket]:
    """Take the API's port on loopback; it answers when the server runs, not before.

    Raises:
        Unavailable: PORT-TAKEN.
    """
    # With its protocol named, asyncio sends small answers at once (TCP_NODELAY): an answer of two
    # parts would else wait 40 ms for the client's delayed acknowledgement.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            raise Unavailable(
                "PORT-TAKEN",
                what=f"cannot listen on 127.0.0.1:{port}",
                why=error.strerror or str(error),
                fix="stop what uses the port, or choose another with FAIRWAY_PORT",
            ) from error
        yield listener


def _make_server(
    settings: Settings, platform: Platform, git_server: GitServer, *, watcher: AgentWatcher
) -> uvicorn.Server:
    context = ApiContext(
        platform=platform,
        topics=Topics(platform.signals),
        health_checks=health.make_checks(settings, platform),
        shut_down=lambda: _shut_down(settings, platform, watcher),
        git_server=git_server,
        started_at=time.time(),
    )
    config = uvicorn.Config(
        make_app(context),
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=STOP_SECONDS,
        lifespan="off",
    )
    return uvicorn.Server(config)


def _shut_down(settings: Settings, platform: Platform, watcher: AgentWatcher) -> None:
    """Stop what outlives this process, then ask this process to end as Ctrl-C would."""
    watcher.stop()
    AgentClient(settings.home).shut_down(is_stopping_workloads=True)
    health.stop_servers(platform)
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM)).start()
