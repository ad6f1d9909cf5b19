"""What the entry point names.

Belongs here: making the driver from the context that every driver gets.
"""

from fairway.drivers.postgresql.provisioner import PostgresqlProvisioner
from fairway.ports.driver import DriverContext


def make_provisioner(context: DriverContext) -> PostgresqlProvisioner:
    """Return the driver `postgresql`."""
    return PostgresqlProvisioner(context.home, data_root=context.data_root)
