"""Changing and reading the catalog and the platform's definitions.

Belongs here: apply, diff, delete. Never here: what a kind means (`fairway.core`), searching,
which the store's port offers as it is.
"""
