"""Users and tokens.

Belongs here: who may knock. Never here: HTTP headers.
"""
