"""Whatever both sides do, no line that people wrote is lost, and what they deleted stays so."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairway.core.source.tree import Tree, TreeFile
from fairway.drivers.git.source_control import GitSourceControl
from tests.integration.upgrade.history import count_lost_lines

pytestmark = pytest.mark.integration
PATHS = ("a", "b", "d/a", "d/b", "d/e/c", "f")
_WHOLE = ("add", "binary", "link")
Files = dict[str, TreeFile]
Change = Callable[[Files, str], None]


def make_before() -> Files:
    return {
        path: TreeFile("".join(f"{path} {number}\n" for number in range(12)).encode())
        for path in PATHS[:5]
    }


@st.composite
def changes(draw: st.DrawFn) -> Change:
    """Draw what one side does to one file; every line that it writes names the side."""
    kind = draw(
        st.sampled_from(("line", "insert", "cut", "move", "delete", "add", "binary", "link"))
    )
    path, other = draw(st.sampled_from(PATHS)), draw(st.sampled_from(PATHS))
    place, nonce = draw(st.integers(0, 11)), draw(st.integers(0, 99))

    def change(files: Files, side: str) -> None:
        written = f"{side} {nonce}\n".encode()
        if kind in _WHOLE:
            if path in files or not _is_in_the_way(files, path):
                files[path] = _make_file(kind, written)
        elif path in files:
            lines = files[path].content.splitlines(keepends=True)
            match kind:
                case "line" if lines:
                    lines[place % len(lines)] = written
                case "insert":
                    lines.insert(place, written)
                case "cut":
                    del lines[place : place + 3]
                case "move" if other not in files and not _is_in_the_way(files, other):
                    files[other] = files.pop(path)
                    return
                case "delete":
                    del files[path]
                    return
            files[path] = TreeFile(b"".join(lines), files[path].mode)

    return change


def _make_file(kind: str, content: bytes) -> TreeFile:
    if kind == "link":
        return TreeFile(content.strip(), "120000")
    return TreeFile(b"\0" + content if kind == "binary" else content)


def _is_in_the_way(files: Files, path: str) -> bool:
    return any(path.startswith(f"{known}/") or known.startswith(f"{path}/") for known in files)


@pytest.fixture(scope="module")
def control(tmp_path_factory: pytest.TempPathFactory) -> GitSourceControl:
    made = GitSourceControl(tmp_path_factory.mktemp("random"))
    made.create("orders", default_branch="main")
    return made


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    ours=st.lists(changes(), max_size=5),
    theirs=st.lists(changes(), max_size=5),
)
def test_no_line_that_people_wrote_is_lost(
    control: GitSourceControl, ours: list[Change], theirs: list[Change]
) -> None:
    before = make_before()
    mine, other = dict(before), dict(before)
    for change in ours:
        change(mine, "ours")
    for change in theirs:
        change(other, "theirs")
    merged = merge(control, before, mine, other)
    assert count_lost_lines(before, mine, merged) == 0


def merge(control: GitSourceControl, base: Tree, ours: Tree, theirs: Tree) -> Tree:
    ids = [control.write_tree("orders", tree) for tree in (base, ours, theirs)]
    found = control.merge("orders", base=ids[0], ours=ids[1], theirs=ids[2], name="service v2")
    return control.read_tree("orders", found.tree)
