"""YAML 1.2, strictly and fast: documents in, documents out.

Belongs here: text to JSON values with the place of each, and back. Never here: what a document
is about. Start at `parse_documents`.
"""

from fairway.formats.yaml.document import (
    Document,
    Path,
    make_document,
    parse_documents,
    read_documents,
)
from fairway.formats.yaml.render import render_documents

__all__ = [
    "Document",
    "Path",
    "make_document",
    "parse_documents",
    "read_documents",
    "render_documents",
]
