"""The source archive of a commit.

Belongs here: the bridge from version control to what builders take.
"""

from fairway.formats import source_archive
from fairway.kits.digest import Digest
from fairway.usecases.platform import Platform


def archive_commit(platform: Platform, repository: str, commit: str) -> Digest:
    """Put the archive of a commit's files into the blob store and return its digest.

    Equal files give an equal digest, whatever the commit is.

    Raises:
        Refused: REPOSITORY-UNKNOWN, SOURCE-SUBMODULE, SOURCE-LINK-OUTSIDE.
        Unavailable: DISK-FULL.
    """
    tree = platform.source_control.read_tree(repository, commit)
    return platform.blobs.put(source_archive.pack_tree(tree))
