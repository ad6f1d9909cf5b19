"""Repositories of source: who may do what with them, and what a push starts.

Belongs here: use cases over `SourceControl` and the store. Never here: git itself, its protocol.
"""
