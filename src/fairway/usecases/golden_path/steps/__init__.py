"""What the steps of runs over golden paths do.

Belongs here: executors, one module per kind of work. Never here: starting runs.
"""
