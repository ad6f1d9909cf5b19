"""Every history ends as it says, and no line that people wrote is lost."""

import pytest

from fairway.core.source.tree import Tree
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


def test_there_are_enough_histories_and_no_two_of_one_name() -> None:
    assert len({history.name for history in ALL}) == len(ALL) >= 40


def _show(tree: Tree) -> dict[str, tuple[str, bytes]]:
    return {path: (file.mode, file.content) for path, file in sorted(tree.items())}
