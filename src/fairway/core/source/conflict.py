"""Where a merge of trees needs a person.

Belongs here: values only.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A place where a merge needs a person; `text` says in a sentence what both sides did."""

    path: str
    kind: str
    text: str
