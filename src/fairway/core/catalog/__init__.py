"""The software catalog: entities in Backstage's envelope, their refs and relations.

Belongs here: what an entity is, how refs are read, which relations a document implies. Never
here: reading YAML (`fairway.formats`), storing and searching (`fairway.ports.store`).
"""
