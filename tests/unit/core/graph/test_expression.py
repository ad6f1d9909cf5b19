"""Expressions keep what is known, mark what is not, and hide what is secret."""

import pytest

from fairway.core.graph import expression
from fairway.core.graph.expression import Output, OutputReference, Secret, Unknown
from fairway.core.graph.live import NodeId
from fairway.core.workload.placeholder import Reference
from fairway.kits.canonical import JsonValue

DB = NodeId("postgres.default#orders.db")


def bind(reference: Reference) -> JsonValue | OutputReference:
    root, *path = reference.path
    return "orders" if root == "metadata" else OutputReference(node=DB, output=".".join(path[1:]))


def look(values: dict[str, Output]) -> expression.Lookup:
    return lambda reference: values[reference.output]


def test_what_needs_no_output_is_filled_at_once() -> None:
    made = expression.make_expression({"a": ["${metadata.name}-1", 5, None]}, bind)
    assert made == {"a": ["orders-1", 5, None]}


def test_a_reference_waits_for_its_node() -> None:
    made = expression.make_expression("x-${resources.db.port}-${metadata.name}", bind)
    assert [item.output for item in expression.list_references(made)] == ["port"]
    assert expression.redact(made, look({"port": 5432})) == "x-5432-orders"
    assert expression.fill(made, look({"port": 5432})) == "x-5432-orders"


def test_an_unknown_makes_the_whole_string_unknown() -> None:
    made = expression.make_expression({"url": "http://${resources.db.host}"}, bind)
    redacted = expression.redact(made, look({"host": Unknown(node=DB)}))
    assert expression.list_unknown_paths(redacted) == (("url", DB),)


def test_a_secret_is_seen_by_its_fingerprint_only() -> None:
    made = expression.make_expression("pw=${resources.db.password}", bind)
    secret = Secret(fingerprint="f1", clear="hunter2")
    redacted = expression.redact(made, look({"password": secret}))
    assert redacted == {"$secret": ["pw=", {"fingerprint": "f1"}]}
    assert expression.fill(made, look({"password": secret})) == "pw=hunter2"
    assert "hunter2" not in repr(secret)


def test_a_secret_that_was_not_opened_cannot_be_filled() -> None:
    made = expression.make_expression("${resources.db.password}", bind)
    with pytest.raises(LookupError):
        expression.fill(made, look({"password": Secret(fingerprint="f1")}))


@pytest.mark.parametrize("key", ["$template", "$secret", "$unknown", "$$x", "$"])
def test_a_users_key_is_never_taken_for_a_marker(key: str) -> None:
    value: JsonValue = {key: ["a", {"node": "n"}]}
    made = expression.make_expression(value, bind)
    assert list(expression.list_references(made)) == []
    assert expression.fill(made, look({})) == value
    assert expression.list_unknown_paths(expression.redact(made, look({}))) == ()
