"""What comes in paths, queries and headers: bounded, so that no store meets what it cannot hold.

Belongs here: their types, and reading an entity tag. Never here: bodies (`body`).
"""

import re
from typing import Annotated

from fastapi import Header, Path, Query

from fairway.kits.errors import Refused

NAME_PATTERN = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"
DIGEST_PATTERN = r"^sha256:[0-9a-f]{64}$"
_WORD = r"^[A-Za-z0-9][-A-Za-z0-9_.]{0,252}$"
_TEXT = r"^[^\x00-\x1f\x7f]*$"
_FILTER = r"^[A-Za-z][-A-Za-z0-9_./@]{0,200}=[^\x00-\x1f\x7f]{0,300}$"
_FACET = r"^[A-Za-z][-A-Za-z0-9_./@]{0,200}$"
# Ids are 64 bits wide in both databases; JSON carries 53 of them.
MOST = 2**53 - 1

Name = Annotated[str, Path(pattern=NAME_PATTERN, description="A name of 1 to 63 characters.")]
Word = Annotated[str, Path(pattern=_WORD, max_length=253)]
RunNumber = Annotated[int, Path(ge=1, le=MOST, description="The number of a run.")]
SourceDigest = Annotated[str, Path(pattern=DIGEST_PATTERN, description="The archive's SHA-256.")]
PlanDigest = Annotated[
    str,
    Path(
        pattern=r"^(sha256:)?[0-9a-f]{4,64}$",
        description="A plan's digest, or as much of its start as is unique.",
    ),
]

QueryName = Annotated[str | None, Query(pattern=NAME_PATTERN)]
Text = Annotated[str | None, Query(pattern=_TEXT, min_length=1, max_length=300)]
Filters = Annotated[
    list[Annotated[str, Query(pattern=_FILTER)]] | None,
    Query(alias="filter", max_length=20, description="`path=value`; several of one path: any."),
]
Facets = Annotated[list[Annotated[str, Query(pattern=_FACET)]], Query(min_length=1, max_length=20)]
Cursor = Annotated[
    str | None,
    Query(pattern=_TEXT, min_length=1, max_length=4096, description="`nextCursor` of a page."),
]
Before = Annotated[int | None, Query(ge=1, le=MOST, description="Only older ones than this.")]
After = Annotated[int, Query(ge=0, le=MOST, description="Only later ones than this.")]

IfMatch = Annotated[str | None, Header(max_length=1000, description="An entity tag, or `*`.")]
IfNoneMatch = Annotated[str | None, Header(max_length=1000)]
LastEventId = Annotated[
    str | None, Header(max_length=4096, description="Resumes after the event of this id.")
]

_TAG = re.compile(r'(?:W/)?"([^"]*)"')


def list_tags(header: str) -> tuple[str, ...]:
    """Return the entity tags in a header, without their quotes; `*` is one of them."""
    return ("*",) if header.strip() == "*" else tuple(_TAG.findall(header))


def parse_revision(if_match: str | None, *, what: str) -> int | None:
    """Return the revision that the one tag of `If-Match` names; None for no condition.

    A tag of an entity is its revision and, after a point, a digest of its relations, which a
    change does not depend on.

    Raises:
        Refused: REQUEST-INVALID, it is not the tag of an entity.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    tags = list_tags(if_match)
    revision = tags[0].partition(".")[0] if len(tags) == 1 else ""
    if not (revision.isascii() and revision.isdecimal() and len(revision) < 16):
        raise Refused(
            "REQUEST-INVALID",
            what=what,
            why=f"If-Match is {if_match!r}, which is not the ETag of an entity",
            fix='send the ETag that GET gave, such as If-Match: "3"',
            status=400,
        )
    return int(revision)
