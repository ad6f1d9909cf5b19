"""What the entry point names.

Belongs here: making the driver from the context that every driver gets.
"""

from fairway.drivers.redis.provisioner import RedisProvisioner
from fairway.ports.driver import DriverContext


def make_provisioner(context: DriverContext) -> RedisProvisioner:
    """Return the driver `redis`."""
    return RedisProvisioner(context.home, data_root=context.data_root)
