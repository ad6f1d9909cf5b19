"""A worker in a process of its own, which may be killed: `python -m … HOME RUN`."""

import sys
from pathlib import Path

from fairway.core.run.run import RunId
from tests.integration.upgrade.conftest import open_world


def main(home: str, run: str) -> None:
    """Carry a run to its end, from wherever it is."""
    for world in open_world(Path(home)):
        world.expire_leases()
        world.carry(world.get_run(RunId(int(run))), seconds=600)


if __name__ == "__main__":
    main(*sys.argv[1:])
