"""Runs: journalled executions as values.

Belongs here: the states of a run and of its steps, and which step may go next. Never here:
executing one (`fairway.runtime`), what a step does (`fairway.usecases`).
"""
