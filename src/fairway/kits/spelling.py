"""Guessing what somebody meant to write.

Belongs here: comparing words. Never here: which words there are.
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
