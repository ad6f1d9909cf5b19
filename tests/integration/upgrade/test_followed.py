"""Upgrades of repositories that follow one on another server."""

import functools
import http.server
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from fairway.core.source.tree import TreeFile
from fairway.drivers.git.source_control import GitSourceControl
from fairway.usecases.golden_path.offer_branch import make_signature
from tests.integration.upgrade.conftest import MADE_AT, MAIN

pytestmark = pytest.mark.integration
OFFER = "refs/heads/fairway/service-v2"


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files, which is all that git needs to fetch."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def origin(tmp_path: Path) -> Iterator[tuple[GitSourceControl, str]]:
    """Return a server of repositories and the address of `orders` there."""
    control = GitSourceControl(tmp_path / "origin")
    control.create("orders", default_branch="main")
    handler = functools.partial(Handler, directory=str(tmp_path / "origin"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield control, f"http://127.0.0.1:{server.server_address[1]}/orders.git"
        server.shutdown()
        thread.join()


def commit(control: GitSourceControl, content: str) -> str:
    return control.write_commit(
        "orders",
        tree=control.write_tree("orders", {"a": TreeFile(content.encode())}),
        parents=(),
        message=content,
        signature=make_signature(MADE_AT),
    )


def test_following_leaves_offers_alone(
    tmp_path: Path, origin: tuple[GitSourceControl, str]
) -> None:
    theirs, url = origin
    first = commit(theirs, "first")
    theirs.move_ref("orders", MAIN, to=first, expected="")
    theirs.move_ref("orders", "refs/heads/other", to=first, expected="")
    subprocess.run(
        ["git", f"--git-dir={theirs.get_path('orders')}", "update-server-info"], check=True
    )
    ours = GitSourceControl(tmp_path / "ours")
    ours.create("orders", default_branch="main")
    ours.follow("orders", url, is_protected=lambda _: False)
    assert ours.list_refs("orders") == {MAIN: first, "refs/heads/other": first}
    offered = commit(ours, "offered")
    ours.move_ref("orders", OFFER, to=offered, expected="")
    theirs.move_ref("orders", "refs/heads/other", to="", expected=first)
    theirs.move_ref("orders", OFFER, to=first, expected="")
    subprocess.run(
        ["git", f"--git-dir={theirs.get_path('orders')}", "update-server-info"], check=True
    )
    ours.follow("orders", url, is_protected=lambda _: False)
    assert ours.list_refs("orders") == {MAIN: first, OFFER: offered}
