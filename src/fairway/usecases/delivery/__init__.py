"""Delivering components: build, release, plan, approve, apply, promote, roll back, remove.

Belongs here: the use cases of a component's way to an environment; `steps/` carries them out.
Never here: definitions and the catalog, users. Start at `start_run.py` and `planning.py`.
"""
