"""JSON Schema by jsonschema-rs.

Belongs here: compiling and applying schemas of resource types. Never here: the platform's own
published schemas (`fairway.formats.schema`).
"""
