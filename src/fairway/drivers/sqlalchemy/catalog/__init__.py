"""The catalog's tables: entities with every revision, found, listed and counted.

Belongs here: what of a document is indexed, writing it, reading it back. Never here: what an
entity may say (`fairway.core.catalog`). Start at `entities`.
"""
