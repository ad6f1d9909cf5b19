"""Who may push to a repository at all."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from fairway.core.source.repository import Repository
from fairway.kits.errors import Refused
from fairway.usecases.platform import Actor
from fairway.usecases.source.check_push import check_right

REPOSITORY = Repository(
    name="orders",
    owner="group:default/shop",
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
    created_by="ana",
)
MEMBER = Actor(name="ana", groups=frozenset({"group:shop"}))


@pytest.mark.parametrize(
    ("owner", "actor"),
    [
        ("group:default/shop", MEMBER),
        ("shop", MEMBER),
        ("group:shop", Actor(name="root", is_admin=True)),
        ("user:ana", Actor(name="ana")),
        ("user:default/ana", Actor(name="ana")),
    ],
)
def test_owners_their_members_and_administrators_may(owner: str, actor: Actor) -> None:
    check_right(actor, replace(REPOSITORY, owner=owner))


@pytest.mark.parametrize(
    ("owner", "actor"),
    [
        ("group:default/shop", Actor(name="shop")),
        ("group:other/shop", MEMBER),
        ("group:shop", Actor(name="eve", groups=frozenset({"group:shopping"}))),
        ("user:ana", Actor(name="eve", groups=frozenset({"group:ana"}))),
    ],
)
def test_nobody_else_may(owner: str, actor: Actor) -> None:
    with pytest.raises(Refused) as caught:
        check_right(actor, replace(REPOSITORY, owner=owner))
    assert (caught.value.code, caught.value.status) == ("ACCESS-DENIED", 403)


def test_a_repository_with_an_origin_takes_pushes_from_nobody() -> None:
    with pytest.raises(Refused) as caught:
        check_right(MEMBER, replace(REPOSITORY, origin="https://git.example.com/orders.git"))
    assert caught.value.code == "REPOSITORY-FOLLOWS"
