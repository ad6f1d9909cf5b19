"""Line endings of texts.

Belongs here: telling and changing them, on bytes in any encoding that contains ASCII.
"""

LF = b"\n"
CRLF = b"\r\n"


def find_ending(content: bytes) -> bytes | None:
    """Return how all lines of `content` end; None if they differ, or there is but one."""
    both, all_ = content.count(CRLF), content.count(LF)
    if not all_:
        return None
    return CRLF if both == all_ else LF if not both else None


def choose_ending(base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    """Return the ending that a merge is to have; None where both sides have the same.

    It is merged like any other property: whoever changed it gets it, and ours if both did.
    """
    before, mine, other = (find_ending(content) for content in (base, ours, theirs))
    if mine is None or other is None or mine == other:
        return None
    return other if mine == before else mine


def with_ending(content: bytes, ending: bytes) -> bytes:
    """Return `content` with every line ending so; a last line without an end stays without."""
    return content.replace(CRLF, LF).replace(LF, ending)
