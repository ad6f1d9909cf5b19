import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.core.graph.live import NodeId
from fairway.drivers.local_server.tenant import make_name

USUAL = "postgres.default"
words = st.from_regex(r"[a-zA-Z0-9]([-_.a-zA-Z0-9]{0,40}[a-zA-Z0-9])?", fullmatch=True)
ids = st.builds("{}.{}#{}".format, words, words, st.lists(words, min_size=1).map(".".join))


@pytest.mark.parametrize(
    ("environment", "id_", "name"),
    [
        ("dev", "postgres.default#orders.db", "orders_dev_db"),
        ("preview-42", "postgres.default#order-api.main-db", "order-api_preview-42_main-db"),
        ("prod", "postgres.default#customers", "customers_prod"),
    ],
)
def test_usual_names_are_plain(environment: str, id_: str, name: str) -> None:
    assert make_name(environment, NodeId(id_), usual=USUAL) == name


def test_names_that_look_alike_are_told_apart() -> None:
    pairs = [
        ("dev", "postgres.default#orders.db"),
        ("dev", "postgres.ha#orders.db"),
        ("dev", "pg.default#orders.db"),
        ("DEV", "postgres.default#orders.db"),
        ("dev_db", "postgres.default#orders"),
        ("dev", "postgres.default#orders.db.db"),
        ("dev", "postgres.default#orders_dev_db"),
    ]
    names = {make_name(environment, NodeId(id_), usual=USUAL) for environment, id_ in pairs}
    assert len(names) == len(pairs)


def test_long_names_that_differ_at_the_end_are_told_apart() -> None:
    first, second = (
        make_name("dev", NodeId(f"postgres.default#{'o' * 63}.{'d' * 60}{end}"), usual=USUAL)
        for end in "ab"
    )
    assert first != second
    assert len(first) == len(second) == 63


@pytest.mark.parametrize("id_", ["postgres.default#pg.db", "postgres.ha#PG.db"])
def test_a_name_never_begins_as_only_the_servers_own_may(id_: str) -> None:
    assert not make_name("dev", NodeId(id_), usual=USUAL).startswith("pg_")


@given(st.lists(st.tuples(words, ids), min_size=2, max_size=2, unique=True))
def test_two_nodes_never_share_a_name(nodes: list[tuple[str, str]]) -> None:
    names = [make_name(environment, NodeId(id_), usual=USUAL) for environment, id_ in nodes]
    assert names[0] != names[1]
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,62}", name) for name in names)
