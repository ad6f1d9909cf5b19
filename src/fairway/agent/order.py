"""A workload as the agent was asked to run it.

Belongs here: the spec together with where its artifact lies on this machine, its JSON form, and
what this machine refuses to run. Never here: running it.
"""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import msgspec

from fairway.agent import probe
from fairway.agent.machine.cgroup import Limits
from fairway.agent.setting import parse_settings
from fairway.core.workload.workload import ServicePort
from fairway.kits import quantity
from fairway.kits.canonical import JsonObject
from fairway.kits.errors import Refused
from fairway.ports.target import ContainerSpec, WorkloadSpec

ARTIFACT_IMAGE = "."


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """`tree` is the unpacked artifact (`app/`, `deps/`), `python` the interpreter that made it."""

    spec: WorkloadSpec
    tree: Path
    python: Path


def render_order(order: Order) -> bytes:
    """Return the order as JSON; it may hold secrets."""
    body = {"spec": order.spec, "tree": str(order.tree), "python": str(order.python)}
    return msgspec.json.encode(body, enc_hook=dict)


def parse_order(content: bytes) -> Order:
    """Return the order that `render_order` wrote.

    Raises:
        Refused: ORDER-INVALID, without the value.
    """
    try:
        body = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
        raw = msgspec.json.decode(body["spec"], type=dict[str, msgspec.Raw])
        parts = {
            name: msgspec.json.decode(raw.get(name, b"{}"), type=kind)
            for name, kind in (
                ("containers", dict[str, ContainerSpec]),
                ("ports", dict[str, ServicePort]),
                ("settings", dict[str, object]),
            )
        }
        plain = {name: msgspec.json.decode(raw[name]) for name in raw if name not in parts}
        spec = WorkloadSpec(**plain, **parts)  # type: ignore[arg-type]  # containers checked above
        tree, python = (msgspec.json.decode(body[name], type=str) for name in ("tree", "python"))
    except (msgspec.MsgspecError, KeyError, TypeError) as error:
        raise Refused(
            "ORDER-INVALID",
            what="cannot read workload order",
            why=f"{type(error).__name__} in its JSON",
            fix="use the client of the same version of Fairway as the agent",
            status=400,
        ) from error
    return Order(spec=spec, tree=Path(tree), python=Path(python))


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What this machine permits; `describe` is for people."""

    cgroup_version: int | None
    is_mount_permitted: bool
    mount_fault: str = ""

    def describe(self) -> JsonObject:
        """Return one sentence for each ability."""
        if self.cgroup_version is None:
            limits = "memory by address space (RLIMIT_AS); cpu is not limited"
        else:
            limits = f"memory and cpu by cgroup v{self.cgroup_version}"
        fault = f" ({self.mount_fault})" if self.mount_fault else ""
        mounts = (
            "absolute paths of files and volumes by a private mount namespace"
            if self.is_mount_permitted
            else f"relative paths only: mount namespaces are not permitted{fault}"
        )
        return {"limits": limits, "mounts": mounts}


def find_mount_fault() -> str | None:
    """Return why this process may not make a mount namespace, or None. Takes some 50 ms."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(probe.LAUNCH), "--try"],
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    if done.returncode == 0:
        return None
    return done.stderr.strip().rpartition("\n")[2] or f"exit {done.returncode}"


def check_order(order: Order, machine: Machine) -> None:
    """Refuse what this machine cannot run, before anything is changed.

    Raises:
        Refused: naming the container and what to change.
    """
    spec = order.spec
    what = f"cannot run workload '{spec.component}' in environment '{spec.environment}'"
    parse_settings(spec.settings)
    if not spec.containers:
        raise Refused("WORKLOAD-EMPTY", what=what, why="no containers", fix="give it a container")
    if not order.tree.is_dir():
        why = f"the artifact's folder '{order.tree}' is missing"
        raise Refused("ARTIFACT-MISSING", what=what, why=why, fix="build the artifact again")
    for name, container in spec.containers.items():
        _check_container(what, name, container, machine)
        for later in container.before:
            if later not in spec.containers:
                why = f"container '{name}' is to be before '{later}', which does not exist"
                fix = f"name one of {', '.join(spec.containers)}"
                raise Refused("BEFORE-UNKNOWN", what=what, why=why, fix=fix)


def make_limits(container: ContainerSpec) -> Limits:
    """Return a container's limits.

    Raises:
        ValueError: one is no positive amount.
    """
    memory, cpu = container.limits.memory, container.limits.cpu
    limits = Limits(
        memory_bytes=None if memory is None else quantity.parse_bytes(memory),
        cpus=None if cpu is None else quantity.parse_cpus(cpu),
    )
    if limits.memory_bytes == 0 or (limits.cpus is not None and not 0 < limits.cpus < 10_000):
        raise ValueError(f"limits of memory {memory} and cpu {cpu} leave nothing to run with")
    return limits


def _check_container(what: str, name: str, container: ContainerSpec, machine: Machine) -> None:
    if container.image != ARTIFACT_IMAGE:
        raise Refused(
            "PROCESS-IMAGE",
            what=what,
            why=f"container '{name}' has image '{container.image}'; processes run from source",
            fix="set image: . to run the built artifact, or use a docker or kubernetes target",
        )
    if not container.command and not container.args:
        raise Refused(
            "PROCESS-COMMAND",
            what=what,
            why=f"container '{name}' has no command, and an artifact has no default one",
            fix=f"set containers.{name}.command in score.yaml",
        )
    try:
        make_limits(container)
    except ValueError as error:
        fix = f"correct containers.{name}.resources.limits in score.yaml"
        raise Refused("LIMIT-INVALID", what=what, why=str(error), fix=fix) from error
    for target in (*container.files, *container.volumes):
        _check_target(what, name, target, machine)
    for target, mount in container.volumes.items():
        if not Path(mount.source).is_dir():
            why = f"container '{name}' mounts '{mount.source}' at '{target}', which is no folder"
            raise Refused("VOLUME-MISSING", what=what, why=why, fix="apply its volume first")
        if mount.is_read_only and not machine.is_mount_permitted:
            why = f"volume '{target}' of container '{name}' is read-only: {machine.mount_fault}"
            fix = "run Fairway where mount namespaces are permitted, or drop readOnly"
            raise Refused("MOUNT-FORBIDDEN", what=what, why=why, fix=fix)


def _check_target(what: str, name: str, target: str, machine: Machine) -> None:
    path = PurePosixPath(target)
    if ".." in path.parts or str(path) in (".", "/") or "," in target or ":" in target:
        why = f"container '{name}' puts something at '{target}'"
        fix = "use a plain path below / or below the working directory, without '..', ',' and ':'"
        raise Refused("MOUNT-PATH", what=what, why=why, fix=fix)
    if path.is_absolute() and not machine.is_mount_permitted:
        why = (
            f"container '{name}' puts something at '{target}', outside its own folder, and mount "
            f"namespaces are not permitted here: {machine.mount_fault}"
        )
        fix = f"use a relative path such as '{path.name}', or run Fairway as root"
        raise Refused("MOUNT-FORBIDDEN", what=what, why=why, fix=fix)
