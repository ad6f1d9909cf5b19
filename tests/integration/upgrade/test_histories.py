"""Every history ends as it says, and no line that people wrote is lost."""

import os
import subprocess

import pytest

from fairway.core.source.tree import Tree, TreeFile
from fairway.drivers.git.source_control import GitSourceControl
from tests.integration.upgrade.histories import ALL
from tests.integration.upgrade.history import NEXT, History, count_lost_lines

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def control(tmp_path_factory: pytest.TempPathFactory) -> GitSourceControl:
    made = GitSourceControl(tmp_path_factory.mktemp("repositories"))
    made.create("orders", default_branch="main")
    return made


@pytest.mark.parametrize("history", ALL, ids=lambda history: history.name)
def test_a_history_ends_as_it_says(control: GitSourceControl, history: History) -> None:
    base, ours, theirs = (
        control.write_tree("orders", tree)
        for tree in (history.before, history.ours, history.theirs)
    )
    merge = control.merge("orders", base=base, ours=ours, theirs=theirs, name=NEXT)
    tree = control.read_tree("orders", merge.tree)
    assert _show(tree) == _show(history.expected)
    assert tuple((item.path, item.kind) for item in merge.conflicts) == history.conflicts
    assert tuple((item.path, item.kind) for item in merge.notes) == history.notes
    assert count_lost_lines(history.before, history.ours, tree) == 0
    again = control.merge("orders", base=base, ours=ours, theirs=theirs, name=NEXT)
    assert again == merge


def test_a_name_that_is_not_utf_8_is_kept_and_told(control: GitSourceControl) -> None:
    name = os.fsdecode(b"gr\xf6sse")
    base, ours, theirs = (
        control.write_tree("orders", {name: TreeFile(content), "a": TreeFile(b"a")})
        for content in (b"base\n", b"mine\n", b"v2\n")
    )
    merge = control.merge("orders", base=base, ours=ours, theirs=theirs, name=NEXT)
    assert [item.path for item in merge.conflicts] == ["gr\\xf6sse"]
    text = control.read_tree("orders", merge.tree)[name].content
    assert text == b"<<<<<<< yours\nmine\n=======\nv2\n>>>>>>> service v2\n"


def test_a_submodule_stays_as_it_is(control: GitSourceControl) -> None:
    base, ours, theirs = (
        control.write_tree("orders", {"a": TreeFile(content), "b": TreeFile(b"b")})
        for content in (b"base\n", b"mine\n", b"v2\n")
    )
    listed = "".join(
        f"{entry.mode} blob {entry.id}\t{entry.path}\n"
        for entry in control.list_tree("orders", ours)
    )
    made = subprocess.run(
        ["git", f"--git-dir={control.get_path('orders')}", "mktree", "--missing"],
        input=f"{listed}160000 commit {'1' * 40}\tmodule\n",
        capture_output=True,
        text=True,
        check=True,
    )
    merge = control.merge("orders", base=base, ours=made.stdout.strip(), theirs=theirs)
    entries = {entry.path: entry for entry in control.list_tree("orders", merge.tree)}
    assert (entries["module"].mode, entries["module"].id) == ("160000", "1" * 40)
    assert [item.kind for item in merge.conflicts] == ["contents"]


def test_there_are_enough_histories_and_no_two_of_one_name() -> None:
    assert len({history.name for history in ALL}) == len(ALL) >= 40


def _show(tree: Tree) -> dict[str, tuple[str, bytes]]:
    return {path: (file.mode, file.content) for path, file in sorted(tree.items())}
