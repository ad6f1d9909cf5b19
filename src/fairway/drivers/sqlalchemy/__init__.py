"""The store in a relational database: SQLite in WAL mode, or PostgreSQL.

Belongs here: the one schema, its migrations, and the SQL behind `fairway.ports.store`. Never here:
what may be stored and why (`fairway.usecases`). Where the two databases differ, `dialect` says
so and `sqlite` and `postgresql` answer; all other modules know none. Start at `store.open_store`.
"""
