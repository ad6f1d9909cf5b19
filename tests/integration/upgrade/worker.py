"""A worker in a process of its own, which may be killed: `python -m … HOME RUN`.

It starts as the control plane does: nobody else is at work, and what the dead left goes.
"""

import sys
from pathlib import Path

from fairway.core.run.run import RunId
from fairway.drivers.git import recovery
from tests.integration.upgrade.conftest import open_world


def main(home: str, run: str) -> None:
    """Carry a run to its end, from wherever it is."""
    for world in open_world(Path(home)):
        recovery.recover(world.home / "repositories")
        world.expire_leases()
        world.carry(world.get_run(RunId(int(run))), seconds=600)


if __name__ == "__main__":
    main(*sys.argv[1:])
