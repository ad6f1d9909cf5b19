"""Rules that decide whether a plan may be applied.

Belongs here: rules as pure functions from facts to findings. Never here: reading the facts.
"""
