"""The endpoints, one module per noun.

Belongs here: paths, request bodies, status codes. Never here: rendering of nouns (`document`).
"""
