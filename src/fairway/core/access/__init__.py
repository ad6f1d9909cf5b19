"""Who acts, and whether they may.

Belongs here: actors and the rules of approval. Never here: tokens' storage, HTTP headers.
"""
