"""The schema's history, oldest first in `versions`, and bringing a database up to date.

Belongs here: one module per step, explicit and never changed once released. Never here: the
tables as the code sees them (`schema`). Start at `ledger`.
"""
