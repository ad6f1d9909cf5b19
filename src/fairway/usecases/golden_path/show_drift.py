"""How far the services of a golden path have gone from it.

Belongs here: reading default branches beside what was rendered.
"""

from fairway.core.golden_path import drift
from fairway.core.golden_path.drift import PathDrift
from fairway.core.golden_path.golden_path import PathLink
from fairway.core.source.tree import make_file_digests
from fairway.kits.errors import Refused
from fairway.usecases.golden_path import list_paths
from fairway.usecases.platform import Platform


def list_drift(platform: Platform, path: str, *, component: str = "") -> tuple[PathDrift, ...]:
    """Return the drift of the path's services by name, or of `component` alone.

    Raises:
        Refused: PATH-UNKNOWN.
    """
    with platform.store.read() as tx:
        versions = [item.version for item in list_paths.get_path(tx, path).versions]
        links = tx.golden_paths.list_links(path=path)
        repositories = {item.name: item for item in tx.repositories.list_all()}
    return tuple(
        _compare(platform, link, versions, branch=repositories[link.repository].default_branch)
        for link in links
        if component in ("", link.component)
    )


def _compare(platform: Platform, link: PathLink, versions: list[str], *, branch: str) -> PathDrift:
    try:
        tree = platform.source_control.read_tree(link.repository, f"refs/heads/{branch}")
    except Refused as problem:
        return drift.make_drift(link, versions, {}, problem=problem.why)
    return drift.make_drift(link, versions, make_file_digests(tree))
