"""Telling people what there is when they name what is not.

Belongs here: comparing and listing words. Never here: which words there are.
"""

import difflib
from collections.abc import Iterable


def suggest(word: str, known: Iterable[str]) -> str | None:
    """Return the one of `known` that `word` was probably meant to be, or None.

    Example:
        >>> suggest("ownr", ["owner", "type"])
        'owner'
    """
    names = sorted(known)
    for name in names:
        if name.lower() == word.lower():
            return name
    return next(iter(difflib.get_close_matches(word, names, n=1, cutoff=0.7)), None)


def list_known(noun: str, names: Iterable[str]) -> str:
    """Return the end of a sentence that says which names there are.

    Example:
        >>> list_known("types", ["redis", "postgres"])
        "; the types are 'postgres', 'redis'"
    """
    known = ", ".join(f"'{name}'" for name in sorted(names))
    return f"; the {noun} are {known}" if known else f"; there are no {noun} yet"
