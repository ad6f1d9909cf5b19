"""What a host of repositories promises."""

import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fairway.core.source.tree import Tree, TreeFile
from fairway.kits.errors import Refused, Unavailable
from fairway.ports.source_control import Signature, SourceControl

ANA = Signature(name="Ana", email="ana@example.com", at=datetime(2026, 1, 1, 12, tzinfo=UTC))
TREE: Tree = {
    "README.md": TreeFile(b"# Orders\n"),
    "bin/run": TreeFile(b"#!/bin/sh\n", "100755"),
    "current": TreeFile(b"bin/run", "120000"),
    "empty": TreeFile(b""),
    "raw/\N{GREEK SMALL LETTER ALPHA} b.bin": TreeFile(bytes(range(256))),
}
MAIN = "refs/heads/main"


@pytest.fixture
def repository(control: SourceControl) -> str:
    control.create("orders", default_branch="main")
    return "orders"


def commit(
    control: SourceControl, files: Mapping[str, str], *parents: str, message: str = "Change"
) -> str:
    tree = {path: TreeFile(content.encode()) for path, content in files.items()}
    return control.write_commit(
        "orders",
        tree=control.write_tree("orders", tree),
        parents=parents,
        message=message,
        signature=ANA,
    )


def test_a_repository_is_made_once_and_removed_once(control: SourceControl) -> None:
    assert control.list_all() == ()
    for _ in range(2):
        control.create("orders", default_branch="trunk")
    assert control.has("orders")
    assert control.list_all() == ("orders",)
    assert (control.get_path("orders") / "HEAD").read_text() == "ref: refs/heads/trunk\n"
    for _ in range(2):
        control.remove("orders")
    assert not control.has("orders")
    assert control.list_all() == ()


def test_a_repository_that_is_unknown_is_refused(control: SourceControl) -> None:
    with pytest.raises(Refused) as caught:
        control.list_refs("none")
    assert caught.value.code == "REPOSITORY-UNKNOWN"


def test_a_tree_comes_back_as_it_was_written(
    control: SourceControl, repository: str, tmp_path: Path
) -> None:
    made = control.write_commit(
        repository,
        tree=control.write_tree(repository, TREE),
        parents=(),
        message="First\n\nWith a body.",
        signature=ANA,
    )
    assert control.read_tree(repository, made) == TREE
    assert [entry.path for entry in control.list_tree(repository, made)] == sorted(TREE)
    assert control.find_file(repository, made, "bin/run") == TREE["bin/run"]
    assert control.find_file(repository, made, "bin") is None
    assert control.find_file(repository, made, "none") is None
    folder = tmp_path / "out"
    folder.mkdir()
    control.export(repository, made, folder)
    assert (folder / "current").readlink() == Path("bin/run")
    assert (folder / "bin/run").stat().st_mode & 0o777 == 0o755


def test_equal_commits_have_one_id(control: SourceControl, repository: str) -> None:
    assert commit(control, {"a": "1"}) == commit(control, {"a": "1"})
    assert commit(control, {"a": "1"}) != commit(control, {"a": "2"})


def test_a_commit_is_read_with_its_whole_message(control: SourceControl, repository: str) -> None:
    first = commit(control, {"a": "1"}, message="Add orders\n\nFairway-Path: x@v1\n")
    found = control.find_commit(repository, first)
    assert found is not None
    assert (found.subject, found.author, found.parents) == ("Add orders", ANA, ())
    assert found.message.rstrip() == "Add orders\n\nFairway-Path: x@v1"
    assert control.find_commit(repository, "0" * 40) is None
    assert control.find_commit(repository, MAIN) is None


def test_history_is_newest_first_and_can_leave_out(control: SourceControl, repository: str) -> None:
    first = commit(control, {"a": "1"})
    second = commit(control, {"a": "2"}, first)
    third = commit(control, {"a": "3"}, second)
    assert [item.id for item in control.list_commits(repository, third)] == [third, second, first]
    some = control.list_commits(repository, third, excluding=[first])
    assert [item.id for item in some] == [third, second]
    assert control.is_ancestor(repository, first, third)
    assert control.is_ancestor(repository, first, first)
    assert not control.is_ancestor(repository, third, first)
    assert not control.is_ancestor(repository, "1" * 40, first)


def test_a_ref_moves_only_from_where_it_was(control: SourceControl, repository: str) -> None:
    first = commit(control, {"a": "1"})
    second = commit(control, {"a": "2"}, first)
    for _ in range(2):
        control.move_ref(repository, MAIN, to=first, expected="")
    with pytest.raises(Refused) as caught:
        control.move_ref(repository, MAIN, to=second, expected=second)
    assert caught.value.code == "REF-MOVED"
    control.move_ref(repository, MAIN, to=second, expected=first)
    assert control.list_refs(repository) == {MAIN: second}
    control.move_ref(repository, MAIN, to="", expected=second)
    assert control.list_refs(repository) == {}


def test_a_clean_merge_has_both_changes(control: SourceControl, repository: str) -> None:
    base = commit(control, {"a": "1\n2\n3\n4\n5\n", "b": "x\n"})
    ours = commit(control, {"a": "1\n2\n3\n4\nfive\n", "b": "x\n", "mine": "m"})
    theirs = commit(control, {"a": "one\n2\n3\n4\n5\n", "c/b": "x\n"})
    merge = control.merge(repository, base=base, ours=ours, theirs=theirs)
    assert merge.is_clean
    assert {
        path: file.content for path, file in control.read_tree(repository, merge.tree).items()
    } == {
        "a": b"one\n2\n3\n4\nfive\n",
        "c/b": b"x\n",
        "mine": b"m",
    }
    assert control.merge(repository, base=base, ours=ours, theirs=theirs) == merge


def test_a_conflict_names_its_file_and_marks_it(control: SourceControl, repository: str) -> None:
    base = commit(control, {"a b": "1\n", "gone": "x\ny\nz\n"})
    ours = commit(control, {"a b": "2\n"})
    theirs = commit(control, {"a b": "3\n", "gone": "x\ny\nzz\n"})
    merge = control.merge(repository, base=base, ours=ours, theirs=theirs)
    assert [(item.path, item.kind) for item in merge.conflicts] == [("a b", "contents")]
    assert [(item.path, item.kind) for item in merge.notes] == [("gone", "deleted")]
    assert all(item.text for item in (*merge.conflicts, *merge.notes))
    marked = control.find_file(repository, merge.tree, "a b")
    assert marked is not None
    assert b"<<<<<<<" in marked.content


def test_an_origin_is_followed(control: SourceControl, repository: str) -> None:
    first = commit(control, {"a": "1"})
    control.move_ref(repository, MAIN, to=first, expected="")
    control.create("copy", default_branch="main")
    with pytest.raises(Unavailable) as caught:
        control.fetch("copy", "http://127.0.0.1:9/none.git", credentials="ana:secret")
    assert caught.value.code == "ORIGIN-AWAY"
    assert "secret" not in str(caught.value)
    with pytest.raises(Unavailable):
        control.fetch("copy", str(control.get_path(repository)))


def test_garbage_is_collected_and_what_is_reached_stays(
    control: SourceControl, repository: str
) -> None:
    first = commit(control, {"a": "1"})
    control.move_ref(repository, MAIN, to=first, expected="")
    control.collect_garbage(repository)
    assert control.find_commit(repository, MAIN) is not None
    checked = subprocess.run(
        ["git", f"--git-dir={control.get_path(repository)}", "fsck", "--strict"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert checked.stdout == ""


def test_the_default_branch_can_be_another(control: SourceControl, repository: str) -> None:
    control.set_default_branch(repository, "trunk")
    head = (control.get_path(repository) / "HEAD").read_text()
    assert head == "ref: refs/heads/trunk\n"


def test_a_bundle_holds_all_refs_and_is_private(
    control: SourceControl, repository: str, tmp_path: Path
) -> None:
    with pytest.raises(Refused) as caught:
        control.bundle(repository, tmp_path / "empty.bundle")
    assert caught.value.code == "REPOSITORY-EMPTY"
    first = commit(control, {"a": "1"})
    control.move_ref(repository, MAIN, to=first, expected="")
    control.move_ref(repository, "refs/tags/v1", to=first, expected="")
    path = tmp_path / "orders.bundle"
    control.bundle(repository, path)
    assert path.stat().st_mode & 0o777 == 0o600
    listed = subprocess.run(
        ["git", "bundle", "list-heads", str(path)], capture_output=True, text=True, check=True
    )
    assert f"{first} {MAIN}" in listed.stdout
    assert f"{first} refs/tags/v1" in listed.stdout


def test_who_moved_a_ref_is_not_known_where_nobody_pushed(
    control: SourceControl, repository: str
) -> None:
    assert control.find_mover(repository, MAIN) == ""


def test_an_origin_that_does_not_answer_is_away(control: SourceControl, repository: str) -> None:
    for url in ("http://127.0.0.1:9/none.git", "git://127.0.0.1:9/none.git", "file:///etc"):
        with pytest.raises(Unavailable) as caught:
            control.find_origin_state(url)
        assert caught.value.code == "ORIGIN-AWAY"
        with pytest.raises(Unavailable):
            control.follow(repository, url, is_protected=lambda _: True)
