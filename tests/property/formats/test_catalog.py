"""The catalog: what is rendered is read back."""

from hypothesis import given

from fairway.core.catalog.entity import Entity
from fairway.core.catalog.relation import make_relations
from fairway.formats.catalog import parse_entity, render_entity
from fairway.formats.yaml import parse_documents, render_documents
from tests.property.formats import strategies


@given(strategies.entities())
def test_a_rendered_entity_is_read_back(entity: Entity) -> None:
    (document,) = parse_documents(render_documents([render_entity(entity)]), file="x.yaml")
    assert parse_entity(document) == entity


@given(strategies.entities())
def test_every_relation_has_its_reverse(entity: Entity) -> None:
    relations = make_relations(entity)
    assert {(each.source, each.target) for each in relations} == {
        (each.target, each.source) for each in relations
    }
