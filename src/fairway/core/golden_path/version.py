"""The order of a golden path's versions.

Belongs here: which tags are versions, and which is newer. The order is that of PEP 440, which
is also Copier's.
"""

from collections.abc import Iterable

from packaging.version import InvalidVersion, Version


def parse_version(tag: str) -> Version | None:
    """Return the version that a tag such as `v2` or `1.4.0` names, or None."""
    try:
        return Version(tag)
    except InvalidVersion:
        return None


def find_newest(tags: Iterable[str]) -> str | None:
    """Return the newest among `tags`; pre-releases count only where there is nothing else."""
    known = [(found, tag) for tag in tags if (found := parse_version(tag))]
    stable = [item for item in known if not item[0].is_prerelease]
    return max(stable or known, default=(None, None))[1]
