"""The grammar of entity refs."""

import pytest

from fairway.core.catalog.ref import EntityRef, parse_entity_ref
from fairway.kits.errors import Refused


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("orders", "component:default/orders"),
        ("Orders", "component:default/orders"),
        ("shop/orders", "component:shop/orders"),
        ("API:orders", "api:default/orders"),
        ("api:shop/orders", "api:shop/orders"),
        ("shop/v1:orders", "component:shop/v1:orders"),
        ("api:shop/v1:orders", "api:shop/v1:orders"),
        ("api:shop/a/b", "api:shop/a/b"),
    ],
)
def test_a_ref_is_completed_by_the_defaults(text: str, canonical: str) -> None:
    assert str(parse_entity_ref(text, default_kind="Component")) == canonical


def test_a_ref_keeps_its_case_until_it_is_written() -> None:
    ref = parse_entity_ref("API:Shop/Orders")
    assert ref == EntityRef(kind="API", namespace="Shop", name="Orders")
    assert str(ref) == "api:shop/orders"


@pytest.mark.parametrize("text", ["", ":", "/", "api:", ":orders", "/orders", "api:/orders", "a/"])
def test_an_empty_part_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="is empty") as refused:
        parse_entity_ref(text, default_kind="Component")
    assert refused.value.code == "ENTITY-REF-INVALID"


def test_a_ref_without_a_kind_needs_a_default() -> None:
    with pytest.raises(Refused, match="'orders': it names no kind"):
        parse_entity_ref("orders")
