"""The steps of a delivery: each kind's executor, carried by the engine's journal.

Belongs here: what one step does, idempotent under its key. Never here: which step comes next
after a crash (`fairway.runtime`), what a plan says (`fairway.core.plan`). Start at `kinds.py`.
"""
