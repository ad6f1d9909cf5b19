"""Rules of upgrades."""

from datetime import UTC, datetime

import pytest

from fairway.core.golden_path import upgrade
from fairway.core.golden_path.golden_path import PathLink, PathVersion
from fairway.core.source.conflict import Conflict
from fairway.core.source.tree import TreeFile
from fairway.kits.canonical import JsonObject
from fairway.kits.errors import Refused

AT = datetime(2026, 1, 1, tzinfo=UTC)


def make_version(version: str) -> PathVersion:
    return PathVersion(
        path="service",
        version=version,
        repository="templates",
        commit=f"commit of {version}",
        parameters={},
        document={},
        published_at=AT,
        published_by="ana",
    )


def make_link(version: str) -> PathLink:
    return PathLink(
        component="orders",
        repository="orders",
        path="service",
        version=version,
        answers={},
        files={},
        updated_at=AT,
    )


VERSIONS = tuple(map(make_version, ("v1", "v10", "v2", "v11rc1")))


def test_the_newest_version_is_chosen_that_is_no_pre_release() -> None:
    assert upgrade.choose_version(make_link("v1"), VERSIONS).version == "v10"
    assert upgrade.choose_version(make_link("v1"), VERSIONS, to="v11rc1").version == "v11rc1"


def test_a_service_at_a_pre_release_stays_there() -> None:
    assert upgrade.choose_version(make_link("v11rc1"), VERSIONS).version == "v11rc1"


@pytest.mark.parametrize(
    ("versions", "to", "code"),
    [
        ((), "", "PATH-UNKNOWN"),
        (VERSIONS, "v3", "PATH-VERSION-UNKNOWN"),
        (VERSIONS, "v1", "PATH-DOWNGRADE"),
    ],
)
def test_what_cannot_be_chosen_is_refused(
    versions: tuple[PathVersion, ...], to: str, code: str
) -> None:
    with pytest.raises(Refused) as caught:
        upgrade.choose_version(make_link("v2"), versions, to=to)
    assert caught.value.code == code


def test_versions_that_are_not_there_are_named_in_order() -> None:
    with pytest.raises(Refused, match="the versions are v1, v2, v10, v11rc1"):
        upgrade.choose_version(make_link("v2"), VERSIONS, to="v3")


def test_a_downgrade_may_be_asked_for() -> None:
    link = make_link("v2")
    assert upgrade.choose_version(link, VERSIONS, to="v1", is_downgrade=True).version == "v1"


def test_versions_between_are_those_up_to_the_newest() -> None:
    known = [item.version for item in VERSIONS]
    assert upgrade.list_behind("v1", known) == ("v2", "v10")
    assert upgrade.list_behind("v10", known) == ()
    assert upgrade.list_behind("v1", []) == ()


def test_answers_are_kept_that_are_still_asked_for() -> None:
    parameters: JsonObject = {"properties": {"port": {}, "region": {}}}
    assert upgrade.keep_answers({"port": 80, "gone": 1}, parameters) == {"port": 80}
    before: JsonObject = {"properties": {"port": {}}}
    assert set(upgrade.list_new_parameters(before, parameters)) == {"region"}
    assert upgrade.list_new_parameters({}, {}) == {}


def test_parameters_are_secret_that_say_so() -> None:
    parameters: JsonObject = {"properties": {"port": {}, "key": {"writeOnly": True}, "odd": True}}
    assert upgrade.list_secret_parameters(parameters) == ("key",)


def test_a_commit_says_what_it_brings_and_what_is_to_be_done() -> None:
    conflict = Conflict(path="a.py", kind="contents", text="you and service v2 changed it")
    note = Conflict(path="b.py", kind="deleted", text="it stays deleted")
    message = upgrade.make_message(make_link("v1"), "v2", [conflict], [note])
    assert message == (
        "Upgrade service from v1 to v2\n\n"
        "To be resolved:\n- a.py: you and service v2 changed it\n\n"
        "To be known:\n- b.py: it stays deleted\n\n"
        "Fairway-Path: service@v2\n"
    )
    assert upgrade.has_trailer(message, "service", "v2")
    assert not upgrade.has_trailer(message, "service", "v1")
    assert not upgrade.has_trailer("see Fairway-Path: service@v2", "service", "v2")


def test_branches_are_told_apart_by_numbers() -> None:
    assert upgrade.make_branch("service", "v2") == "fairway/service-v2"
    assert upgrade.make_branch("service", "v2", 3) == "fairway/service-v2-3"


def test_diffs_show_lines_where_there_are_any() -> None:
    before = {
        "changed": TreeFile(b"1\n2\n"),
        "removed": TreeFile(b"1\n"),
        "same": TreeFile(b"1\n"),
        "binary": TreeFile(b"\0"),
        "latin": TreeFile("ß".encode("latin-1")),
        "large": TreeFile(b"1\n"),
        "mode": TreeFile(b"1\n"),
    }
    after = {
        "changed": TreeFile(b"1\n3\n"),
        "added": TreeFile(b"1"),
        "same": TreeFile(b"1\n"),
        "binary": TreeFile(b"\0\0"),
        "latin": TreeFile("ßß".encode("latin-1")),
        "large": TreeFile(b"1\n" * upgrade.MOST_LINES),
        "mode": TreeFile(b"1\n", "100755"),
    }
    found = {item.path: (item.action, item.text) for item in upgrade.make_diffs(before, after)}
    assert found == {
        "added": ("added", "--- /dev/null\n+++ b/added\n@@ -0,0 +1 @@\n+1"),
        "binary": ("changed", ""),
        "changed": ("changed", "--- a/changed\n+++ b/changed\n@@ -1,2 +1,2 @@\n 1\n-2\n+3"),
        "large": ("changed", ""),
        "latin": ("changed", ""),
        "mode": ("changed", "mode 100644 → 100755"),
        "removed": ("removed", "--- a/removed\n+++ /dev/null\n@@ -1 +0,0 @@\n-1"),
    }
