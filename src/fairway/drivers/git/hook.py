"""What git runs before and after a push moves refs: `python -IS hook.py STAGE`.

Belongs here: handing the question to the control plane, and its words to the client. It runs as
a bare file and imports nothing of Fairway. Without an answer the push is refused: nothing of it
is kept.
"""

import json
import os
import socket
import sys

_QUARANTINE = (
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH",
)
_NOWHERE = set("0")
# A check reads a few files; nobody waits for ever for a platform that hangs.
_ANSWER_SECONDS = 120.0


def main(stage: str) -> int:
    """Ask the control plane, print what it says, and return the exit code."""
    try:
        answer = _ask(_make_call(stage))
    except (OSError, ValueError) as error:
        is_before = stage == "pre-receive"
        _say(f"fairway: the platform did not answer ({error})")
        _say("  fix: try again when it runs; nothing was changed" if is_before else "")
        return int(is_before)
    for line in answer["lines"]:
        _say(line)
    return 0 if answer["isAccepted"] else 1


def _make_call(stage: str) -> dict[str, object]:
    updates = []
    for line in sys.stdin.buffer:
        before, after, ref = os.fsdecode(line.rstrip(b"\n")).split(" ", 2)
        updates.append([ref, _read_id(before), _read_id(after)])
    return {
        "stage": stage,
        "repository": os.environ["FAIRWAY_REPOSITORY"],
        "actor": os.environ["REMOTE_USER"],
        "updates": updates,
        "quarantine": {name: os.environ[name] for name in _QUARANTINE if name in os.environ},
    }


def _read_id(text: str) -> str:
    return "" if set(text) <= _NOWHERE else text


def _ask(call: dict[str, object]) -> dict[str, list[str]]:
    folder, _, name = os.environ["FAIRWAY_HOOK_SOCKET"].rpartition("/")
    # A socket's path is short: it is named from its folder.
    os.chdir(folder)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_ANSWER_SECONDS)
        connection.connect(name)
        connection.sendall(json.dumps(call).encode() + b"\n")
        with connection.makefile("rb") as answer:
            line = answer.readline()
    if not line:
        raise OSError("it closed the connection")
    found: dict[str, list[str]] = json.loads(line)
    return found


def _say(line: str) -> None:
    if line:
        sys.stderr.buffer.write(line.encode(errors="replace") + b"\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
