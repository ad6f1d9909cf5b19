"""Small tools that need nothing but Python's standard library.

Belongs here: pure, general functions that every layer may use (errors, digests, names, ordering).
Never here: a noun of the platform, input or output, a third-party import.
"""
