"""The platform's memory: one relational schema behind one transaction.

Belongs here: what may be asked of the store, by noun. Never here: SQL (`fairway.drivers`).
Start at `store.Store`. Every mutating use case writes its audit event in the same transaction.
"""
