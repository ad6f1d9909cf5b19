"""One module per open standard: bytes to types and types to bytes.

Belongs here: parsing, validating and rendering documents (YAML, catalog, Score, Fairway's own
kinds), with file, line and column in every error. Never here: what a document means
(`fairway.core`), reading files or the network. Start reading at `fairway.formats.document`.
"""
