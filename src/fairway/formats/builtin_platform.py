"""The built-in platform as entities.

Belongs here: parsing the built-in documents once. Never here: the documents (`fairway.builtin`).
"""

from collections.abc import Mapping
from functools import cache

from fairway import builtin
from fairway.core.catalog.entity import Entity
from fairway.formats.catalog import parse_entities
from fairway.formats.yaml import parse_documents


@cache
def get_builtin_entities() -> Mapping[str, Entity]:
    """Return the entities of the built-in platform by their ref."""
    documents = [
        document
        for file, content in builtin.read_builtin_documents().items()
        for document in parse_documents(content, file=f"builtin/{file}")
    ]
    return {entity.ref: entity for entity in parse_entities(documents)}
