"""How the programs are asked and answer: by JSON in a work folder.

Belongs here: the folder's files. `request.json` is there at the start, `answer.json` at the end;
`at.json` says what was worked on last: a place in the template, and which of the answers. Never
here: the work. Start at `serve`.
"""

import json
import math
import os
import resource
import sys
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fairway.drivers.template.failure import NOWHERE, Failure, Place

Request = Mapping[str, Any]  # Any: JSON


class Desk:
    """The work folder, what is asked for, and what is worked on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.request: Request = json.loads((folder / "request.json").read_bytes())
        self.template = Path(self.request["template"]).resolve()
        self.at = NOWHERE
        self.number = 0
        self._notes = os.open(folder / "at.json", os.O_CREAT | os.O_WRONLY)

    def start(self, number: int) -> None:
        """Begin the work on the answers of that number, with the CPU that is for each of them."""
        self.number = number
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        used = resource.getrusage(resource.RUSAGE_SELF)
        until = math.ceil(used.ru_utime + used.ru_stime) + int(self.request["cpu_seconds"])
        soft = until if hard == resource.RLIM_INFINITY else min(until, hard)
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))

    def note(self, at: Place) -> None:
        """Remember what is worked on; in a file, for when this process is killed.

        The first line counts. To write it anew would be dear: some disks flush replaced files.
        """
        self.at = at
        text = json.dumps({"file": at.file, "line": at.line, "number": self.number})
        os.pwrite(self._notes, f"{text}\n".encode(), 0)


def serve(work: Callable[[Desk], Request]) -> None:
    """Do `work` in the folder that the command line names."""
    warnings.simplefilter("ignore")
    desk = Desk(Path(sys.argv[1]))
    try:
        text = json.dumps(work(desk), default=str, allow_nan=False)
    except Failure as failure:
        text = json.dumps({"failure": failure.as_json()})
    (desk.folder / "answer.json").write_text(text)
