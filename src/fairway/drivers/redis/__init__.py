"""Redis: an ACL user and a key prefix for each resource, on a given server or on one of its own.

Belongs here: finding or running the server, and what a resource is on it. Never here: which
resource goes to which server (definitions). Valkey is driven the same way. Start at
`provisioner.RedisProvisioner`.
"""
