"""The last steps before a program runs: limits, its own view of the file system, and exec.

Belongs here: what a process does to itself before it becomes the workload's program, or a probe
beside it. It is run from its file by the shim's child and as `python -I -S launch.py` (which says
what this machine permits); therefore: standard library only. Never here: what outlives exec.
"""

# No pathlib: its import would cost every start time.
# ruff: noqa: PTH102, PTH103, PTH110, PTH112, PTH115, PTH116, PTH118, PTH120, PTH123, PTH211

import ctypes
import json
import os
import resource
import signal
import stat
import sys
import tempfile

PR_SET_PDEATHSIG = 1
CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
_LIBC = ctypes.CDLL(None, use_errno=True)


def become(request: "dict[str, object]") -> None:
    """Replace this process by the request's program; returns only by an exception.

    Keys: argv, env, cwd; cgroups (`cgroup.procs` files to join), rlimits (name to bytes), mounts
    (source, target, is_read_only) with scratch, or join (a process whose mounts to share).
    """
    _die_with_parent()
    for procs in request["cgroups"]:  # type: ignore[attr-defined]  # JSON from the agent
        with open(procs, "w") as file:
            file.write("0")
    for name, value in request["rlimits"].items():  # type: ignore[attr-defined]  # as above
        resource.setrlimit(getattr(resource, name), (value, value))
    if request.get("mounts"):
        enter_namespace(request["mounts"], str(request["scratch"]))  # type: ignore[arg-type]
    elif request.get("join"):
        _join_namespace(int(str(request["join"])))
    os.chdir(str(request["cwd"]))
    argv: list[str] = request["argv"]  # type: ignore[assignment]  # as above
    try:
        os.execvpe(argv[0], argv, request["env"])  # type: ignore[arg-type]  # noqa: S606
    except OSError as error:
        raise OSError(f"cannot run {argv[0]!r}: {error.strerror}") from error


def _die_with_parent() -> None:
    """A program must not outlive its shim: then nobody would know of it."""
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _check(result: int, what: str) -> None:
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"cannot {what}: {os.strerror(error)}")


def _mount(source: str, target: str, kind: "str | None", flags: int, *, options: str = "") -> None:
    encoded = [None if text is None else text.encode() for text in (source, target, kind)]
    result = _LIBC.mount(*encoded, ctypes.c_ulong(flags), options.encode() or None)
    _check(result, f"mount {source} on {target}")


def _unshare() -> None:
    """Leave the machine's mount namespace; without root, through a user namespace."""
    if os.geteuid() == 0:
        _check(_LIBC.unshare(CLONE_NEWNS), "make a mount namespace")
        return
    uid, gid = os.geteuid(), os.getegid()
    _check(_LIBC.unshare(CLONE_NEWNS | CLONE_NEWUSER), "make a user namespace")
    for name, content in (
        ("setgroups", "deny"),
        ("uid_map", f"{uid} {uid} 1"),
        ("gid_map", f"{gid} {gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(content)


def _join_namespace(pid: int) -> None:
    for name, flag in (("user", CLONE_NEWUSER), ("mnt", CLONE_NEWNS)):
        path = f"/proc/{pid}/ns/{name}"
        if os.stat(path).st_ino != os.stat(f"/proc/self/ns/{name}").st_ino:
            fd = os.open(path, os.O_RDONLY)
            _check(_LIBC.setns(fd, flag), f"join the {name} namespace of {pid}")
            os.close(fd)
    os.chroot(f"/proc/{pid}/root")


def enter_namespace(mounts: "list[dict[str, object]]", scratch: str) -> None:
    """Show each source at its target to this process and its children only.

    A target that does not exist is made in a layer over its nearest existing folder, so that the
    machine's own files stay as they are.
    """
    _unshare()
    _mount("none", "/", None, MS_REC | MS_PRIVATE)
    _mount("tmpfs", scratch, "tmpfs", 0, options="mode=0755")
    targets = [str(mount["target"]) for mount in mounts]
    root = ""
    if any(not os.path.lexists("/" + target.split("/")[1]) for target in targets):
        root = _make_root(os.path.join(scratch, "root"))
    for number, mount in enumerate(sorted(mounts, key=lambda mount: str(mount["target"]))):
        source, target = str(mount["source"]), root + str(mount["target"])
        if not os.path.exists(target):
            _make_target(source, target, f"{scratch}/layer{number}", root)
        _mount(source, target, None, MS_BIND | MS_REC)
        if mount["is_read_only"]:
            _mount(source, target, None, MS_BIND | MS_REMOUNT | MS_RDONLY)
    if root:
        os.chroot(root)


def _make_root(root: str) -> str:
    """Return a folder that shows all of `/` and in which new names can be made."""
    os.mkdir(root)
    for entry in os.scandir("/"):
        target = f"{root}/{entry.name}"
        if entry.is_symlink():
            os.symlink(os.readlink(entry.path), target)
        elif entry.is_dir():
            os.mkdir(target)
            _mount(entry.path, target, None, MS_BIND | MS_REC)
    return root


def _make_target(source: str, target: str, layer: str, root: str) -> None:
    ancestor = os.path.dirname(target)
    while not os.path.isdir(ancestor):
        ancestor = os.path.dirname(ancestor)
    if ancestor != root and os.stat(ancestor).st_dev != os.stat(os.path.dirname(layer)).st_dev:
        for name in ("upper", "work"):
            os.makedirs(f"{layer}/{name}")
        options = f"lowerdir={ancestor},upperdir={layer}/upper,workdir={layer}/work"
        _mount("overlay", ancestor, "overlay", 0, options=options)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if stat.S_ISDIR(os.stat(source).st_mode):
        os.mkdir(target)
    else:
        with open(target, "w"):
            pass


def main() -> None:
    """Become the request on standard input; with `--try`, say whether a namespace is permitted."""
    if sys.argv[1:] == ["--try"]:
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(f"{folder}/scratch")
            target = "/etc/fairway-try/file"
            mount = {"source": __file__, "target": target, "is_read_only": True}
            if os.fork() == 0:
                try:
                    enter_namespace([mount], f"{folder}/scratch")
                    os._exit(0 if os.path.exists(target) else 1)
                except OSError as error:
                    sys.stderr.write(f"{error}\n")
                finally:
                    os._exit(1)
            sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
    become(json.loads(sys.stdin.buffer.read()))


if __name__ == "__main__":
    main()
