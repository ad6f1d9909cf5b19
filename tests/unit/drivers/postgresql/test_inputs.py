import jsonschema_rs
import pytest

from fairway.drivers.postgresql.inputs import SCHEMA
from fairway.kits.canonical import JsonObject

DSN = "postgresql://admin:s3cret@db:5432/postgres"


@pytest.mark.parametrize(
    "inputs",
    [
        {},
        {"server": "managed", "version": "16"},
        {"version": 18},
        {"server": DSN},
        {"dsn": "host=db user=admin", "rotationEndsSessions": True},
    ],
)
def test_inputs_that_make_sense_are_taken(inputs: JsonObject) -> None:
    assert jsonschema_rs.is_valid(dict(SCHEMA), dict(inputs))


@pytest.mark.parametrize(
    "inputs",
    [
        {"server": "manged"},
        {"server": "managed", "dsn": DSN},
        {"version": "16.4"},
        {"version": "9"},
        {"version": 12},
        {"dsn": ""},
        {"host": "db"},
    ],
)
def test_inputs_that_make_none_are_not(inputs: JsonObject) -> None:
    assert not jsonschema_rs.is_valid(dict(SCHEMA), dict(inputs))
