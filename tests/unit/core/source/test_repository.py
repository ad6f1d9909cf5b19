"""What a repository protects, and what a ref is."""

from datetime import UTC, datetime

import pytest

from fairway.core.source.repository import RefUpdate, Repository

REPOSITORY = Repository(
    name="orders",
    owner="group:shop",
    protected=("release/*", "v[0-9]"),
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
    created_by="ana",
)


@pytest.mark.parametrize(
    ("branch", "is_protected"),
    [
        ("main", True),
        ("Main", False),
        ("release/1", True),
        ("release/1/fix", True),
        ("release", False),
        ("v1", True),
        ("v10", False),
        ("topic", False),
    ],
)
def test_the_default_branch_and_what_the_patterns_match_is_protected(
    branch: str, is_protected: bool
) -> None:
    assert REPOSITORY.is_protected(branch) is is_protected


@pytest.mark.parametrize(
    ("ref", "branch", "tag"),
    [
        ("refs/heads/a/b", "a/b", ""),
        ("refs/tags/v1", "", "v1"),
        ("refs/notes/commits", "", ""),
        ("heads/a", "", ""),
    ],
)
def test_a_ref_is_a_branch_or_a_tag_by_its_full_name(ref: str, branch: str, tag: str) -> None:
    update = RefUpdate(ref=ref, before="", after="a1")
    assert (update.branch, update.tag) == (branch, tag)
