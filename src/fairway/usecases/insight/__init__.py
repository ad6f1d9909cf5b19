"""Reading what is: status, logs, where a value came from.

Belongs here: use cases that change nothing. Never here: lists that the store's port gives.
"""
