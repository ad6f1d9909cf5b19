"""The platform's nouns and rules as pure functions over immutable values.

Belongs here: what is true of catalogs, workloads, environments, graphs and plans whatever
machine or database is below. Never here: input or output, a clock, randomness, a thread.
Start reading at `fairway.core.plan`.
"""
