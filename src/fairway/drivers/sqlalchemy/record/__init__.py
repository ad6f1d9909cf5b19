"""The nouns of the store, one module each: rows to values and back.

Belongs here: a port's queries on its own tables. Never here: transactions (`store`), the queue
(`work_queue`), the catalog (`catalog`).
"""
