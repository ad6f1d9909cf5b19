"""How far a service has gone from its path."""

from datetime import UTC, datetime

from fairway.core.golden_path import drift
from fairway.core.golden_path.golden_path import PathLink
from fairway.kits.digest import Digest, make_digest

LINK = PathLink(
    component="orders",
    repository="orders",
    path="service",
    version="v1",
    answers={},
    files={name: make_digest(name.encode()) for name in ("changed", "deleted", "same")},
    updated_at=datetime(2026, 1, 1, tzinfo=UTC),
)


def test_files_are_changed_deleted_or_added() -> None:
    files = {"added": Digest("a"), "changed": Digest("b"), "same": LINK.files["same"]}
    found = drift.make_drift(LINK, ["v1", "v2"], files)
    assert found.behind == ("v2",)
    assert (found.changed, found.deleted, found.added) == (("changed",), ("deleted",), ("added",))


def test_a_service_as_it_was_rendered_has_no_drift() -> None:
    found = drift.make_drift(LINK, ["v1"], LINK.files)
    assert (found.behind, found.changed, found.deleted, found.added) == ((), (), (), ())


def test_files_that_cannot_be_compared_are_not_called_deleted() -> None:
    found = drift.make_drift(LINK, ["v2"], {}, problem="it has a submodule")
    assert (found.behind, found.deleted, found.problem) == (("v2",), (), "it has a submodule")
