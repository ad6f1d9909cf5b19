"""What can be read off an entity."""

from fairway.core.catalog.entity import Entity
from fairway.kits.canonical import JsonObject


def test_what_is_not_said_has_its_default() -> None:
    entity = Entity({"apiVersion": "v1", "kind": "API", "metadata": {"name": "Orders"}})
    assert entity.ref == "api:default/orders"
    assert (entity.namespace, entity.title, entity.tags) == ("default", None, ())
    assert (entity.annotations, entity.spec) == ({}, {})


def test_an_entity_reads_its_document() -> None:
    metadata: JsonObject = {
        "name": "orders",
        "namespace": "asia",
        "title": "Orders",
        "tags": ["a"],
        "annotations": {"b": "c"},
    }
    entity = Entity({"apiVersion": "v1", "kind": "API", "metadata": metadata, "spec": {"x": 1}})
    assert entity.ref == "api:asia/orders"
    assert (entity.title, entity.tags) == ("Orders", ("a",))
    assert (entity.annotations, entity.spec) == ({"b": "c"}, {"x": 1})
