"""Plans: what will change, why, and in which order; then exactly that is done.

Belongs here: `make_plan`, a pure function of graph, live nodes and traits; plans as data, their
bytes, their linter, their staleness. Never here: asking a driver, carrying a step out.
Start at `make.make_plan`.
"""
