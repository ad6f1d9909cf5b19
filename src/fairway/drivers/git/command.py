"""Running git.

Belongs here: the environment of every git process, and the settings that hold for every
repository. They are given with each command and never written into a repository, so that one
made by an older Fairway behaves like a new one.
"""

import base64
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

# In the environment of every git process: whose repositories it works on. A start ends those of
# the control plane before it.
MARK = "FAIRWAY_REPOSITORIES"
# Who moves refs that no user's push moves; this machine may know no name for its own user.
PLATFORM: Mapping[str, str] = {
    "GIT_COMMITTER_NAME": "fairway",
    "GIT_COMMITTER_EMAIL": "fairway@localhost",
}
# Faults of old clients that do no harm: a history that has them is taken.
_HARMLESS = ("badTimezone", "missingSpaceBeforeDate", "zeroPaddedFilemode")
_SETTINGS: Mapping[str, str] = {
    "core.hooksPath": os.devnull,
    "core.logAllRefUpdates": "false",
    "core.quotePath": "false",
    "gc.auto": "0",
    "merge.renames": "true",
    "merge.renameLimit": "10000",
    "protocol.version": "2",
    "receive.autogc": "false",
    "safe.directory": "*",
    "transfer.fsckObjects": "true",
    "uploadpack.allowAnySHA1InWant": "true",
    "uploadpack.allowFilter": "true",
    **{f"{act}.fsck.{fault}": "warn" for act in ("fetch", "receive") for fault in _HARMLESS},
}


class GitError(Exception):
    """A git command ended with an error; `code` is its exit code, `text` what it said."""

    def __init__(self, command: str, code: int, text: str) -> None:
        super().__init__(f"git {command} exited with {code}: {text}")
        self.code = code
        self.text = text


def make_environment(
    settings: Mapping[str, str] | None = None, objects: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the environment of a git process: nothing of ours but the search path."""
    given = {**_SETTINGS, **(settings or {})}
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.devnull,
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_COUNT": str(len(given)),
        **(objects or {}),
    }
    for number, (key, value) in enumerate(given.items()):
        environment[f"GIT_CONFIG_KEY_{number}"] = key
        environment[f"GIT_CONFIG_VALUE_{number}"] = value
    return environment


def run_git(
    folder: Path,
    *arguments: str,
    environment: Mapping[str, str],
    stdin: bytes = b"",
    accepted: Sequence[int] = (0,),
) -> tuple[int, bytes]:
    """Run git in the bare repository `folder` to its end; return its exit code and output.

    Raises:
        GitError: its exit code is none of `accepted`.
    """
    done = subprocess.run(
        ["git", f"--git-dir={folder}", *arguments],  # noqa: S607  # the one on the search path
        input=stdin,
        capture_output=True,
        env=dict(environment),
        check=False,
    )
    if done.returncode not in accepted:
        text = done.stderr.decode(errors="replace").strip()
        raise GitError(arguments[0], done.returncode, text)
    return done.returncode, done.stdout


def make_login(credentials: str) -> Mapping[str, str]:
    """Return git's settings by which a request carries `user:password`; none if empty."""
    if not credentials:
        return {}
    return {"http.extraHeader": f"Authorization: {make_login_header(credentials)}"}


def make_login_header(credentials: str) -> str:
    """Return the value of the header `Authorization` that carries `user:password`."""
    return f"Basic {base64.b64encode(credentials.encode()).decode()}"
