"""Where a container's files are and what it sees of the machine.

Belongs here: the private folder of a container, its files and volumes, its environment variables.
Never here: when it runs. A container's folder holds, besides what its shim keeps (see `shim`),
`root/` with `work` (its working directory: links to the artifact's `app/`, so that what it
writes stays its own), `home`, `tmp`, `files` and `scratch`.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from fairway.agent.machine import storage
from fairway.agent.order import Order
from fairway.agent.shim.attempt import MARK
from fairway.kits.digest import make_digest, shorten
from fairway.ports.target import ContainerSpec

_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A file or folder shown to one container at another path."""

    source: Path
    target: Path
    is_read_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What a program starts with."""

    work: Path
    scratch: Path
    mounts: tuple[Mount, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which container of which replica, and the ports it was given by service port name."""

    folder: Path
    instance: str
    container: str
    cache: Path
    ports: Mapping[str, int]


def make_layout(order: Order, place: Place) -> Layout:
    """Put the container's files in place and return what it starts with. Blocking.

    May be repeated: what the program wrote is kept, the platform's files are written anew.
    """
    root = place.folder / "root"
    container = order.spec.containers[place.container]
    with storage.naming_disk_faults(root):
        for name in ("home", "tmp", "files", "scratch", "bin"):
            (root / name).mkdir(parents=True, exist_ok=True, mode=0o700)
        _make_work(order.tree / "app", root / "work")
        for name in ("python", "python3"):
            if not (root / "bin" / name).is_symlink():
                (root / "bin" / name).symlink_to(order.python.resolve())
        mounts = (*_put_files(container, root), *_put_volumes(container, root))
    return Layout(
        work=root / "work",
        scratch=root / "scratch",
        mounts=mounts,
        environment=_make_environment(order, place),
    )


def _make_work(app: Path, work: Path) -> None:
    if work.exists():
        return
    draft = work.with_name("work.new")
    storage.remove_tree(draft)
    draft.mkdir(mode=0o700)
    if app.is_dir():
        _link_entries(app, draft)
    draft.rename(work)


def _link_entries(source: Path, target: Path) -> None:
    for entry in os.scandir(source):
        (target / entry.name).symlink_to(entry.path)


def _own_folder(work: Path, relative: PurePosixPath) -> Path:
    """Make every step from `work` to `relative` a folder of the container's own."""
    folder = work
    for part in relative.parts:
        folder /= part
        if folder.is_symlink():
            shared = folder.resolve()
            folder.unlink()
            folder.mkdir()
            if shared.is_dir():
                _link_entries(shared, folder)
        folder.mkdir(exist_ok=True)
    return folder


def _put_files(container: ContainerSpec, root: Path) -> list[Mount]:
    mounts = []
    for number, (target, file) in enumerate(container.files.items()):
        path = PurePosixPath(target)
        if path.is_absolute():
            place = root / "files" / str(number)
            mounts.append(Mount(source=place, target=Path(target)))
        else:
            place = _own_folder(root / "work", path.parent) / path.name
        if place.is_symlink():
            place.unlink()
        storage.write_file(place, file.content, int(file.mode, 8))
    return mounts


def _put_volumes(container: ContainerSpec, root: Path) -> list[Mount]:
    mounts = []
    for target, mount in container.volumes.items():
        source = Path(mount.source)
        if mount.sub_path:
            source = (source / mount.sub_path.lstrip("/")).resolve()
            if not source.is_relative_to(Path(mount.source).resolve()):
                raise ValueError(f"sub path {mount.sub_path!r} leads out of its volume")
            source.mkdir(parents=True, exist_ok=True)
        path = PurePosixPath(target)
        if path.is_absolute():
            mounts.append(
                Mount(source=source, target=Path(target), is_read_only=mount.is_read_only)
            )
            continue
        place = _own_folder(root / "work", path.parent) / path.name
        if mount.is_read_only:
            place = _own_folder(root / "work", path)
            mounts.append(Mount(source=source, target=place, is_read_only=True))
        elif not place.is_symlink() or place.resolve() != source.resolve():
            place.unlink(missing_ok=True)
            place.symlink_to(source)
    return mounts


def _make_environment(order: Order, place: Place) -> dict[str, str]:
    """Return the whole environment; nothing of the agent's own is passed on."""
    spec, root = order.spec, place.folder / "root"
    deps = order.tree / "deps"
    ports = {
        f"PORT_{re.sub(r'[^A-Za-z0-9]', '_', name).upper()}": str(port)
        for name, port in place.ports.items()
    }
    if ports:
        ports["PORT"] = next(iter(ports.values()))
    artifact = shorten(make_digest(str(order.tree).encode()), 16)
    return {
        "PATH": f"{deps}/bin:{root}/bin:{_SYSTEM_PATH}",
        "HOME": f"{root}/home",
        "TMPDIR": str(root / "tmp"),
        "LANG": "C.UTF-8",
        "HOST": "127.0.0.1",
        **ports,
        "PYTHONPATH": _make_search_path(order.tree, root / "work"),
        "PYTHONUNBUFFERED": "1",
        "PYTHONPYCACHEPREFIX": str(place.cache / artifact),
        "FAIRWAY_ENVIRONMENT": spec.environment,
        "FAIRWAY_COMPONENT": spec.component,
        "FAIRWAY_RELEASE": str(spec.release),
        "FAIRWAY_INSTANCE": place.instance,
        **spec.containers[place.container].variables,
        MARK: str(place.folder),
    }


def _make_search_path(tree: Path, work: Path) -> str:
    """Return where Python finds modules: the artifact's own in the working folder, then others."""
    try:
        parts = (tree / "path").read_text().split(":")
    except FileNotFoundError:
        parts = ["deps"]
    return ":".join(
        str(work / part.removeprefix("app").lstrip("/") if part.startswith("app") else tree / part)
        for part in parts
    )
