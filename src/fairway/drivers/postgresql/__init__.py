"""PostgreSQL: a role and a database for each resource, on a given server or on one of its own.

Belongs here: finding or running the server, and what a resource is on it. Never here: which
resource goes to which server (definitions), the platform's own tables
(`fairway.drivers.sqlalchemy`). Start at `provisioner.PostgresqlProvisioner`.
"""
