"""Reading a workload's log.

Belongs here: finding the target that holds it.
"""

from collections.abc import Iterator

from fairway.ports.target import LogLine
from fairway.usecases.delivery import planning
from fairway.usecases.delivery.steps import node_step
from fairway.usecases.platform import Platform


def read_logs(
    platform: Platform,
    *,
    component: str,
    environment: str,
    is_following: bool = False,
    tail: int | None = None,
    release: int | None = None,
    after: str | None = None,
) -> Iterator[LogLine | None]:
    """Return the lines as `Target.read_logs` does.

    Raises:
        Refused: ENV-UNKNOWN, TARGET-UNKNOWN.
    """
    with platform.store.read() as tx:
        found = planning.get_environment(tx, environment)
    target = node_step.get_target(platform, found.target)
    return target.read_logs(
        environment,
        component,
        is_following=is_following,
        tail=tail,
        release=release,
        after=after,
    )
