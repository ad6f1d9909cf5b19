"""The audit log's facts.

Belongs here: the form of an event. Never here: writing it (`fairway.ports.store`).
"""
