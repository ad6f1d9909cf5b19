"""A platform team's secrets come by file and stand in no document."""

from pathlib import Path

import pytest

from fairway.kits.canonical import JsonObject
from fairway.kits.errors import Refused
from fairway.usecases.delivery import secret_input

SCHEMA: JsonObject = {
    "type": "object",
    "properties": {
        "dsn": {"type": "string", "format": "password"},
        "server": {"type": "string"},
    },
}


@pytest.mark.parametrize(
    ("inputs", "name"),
    [
        ({"dsn": "postgresql://admin@db/postgres"}, "dsn"),
        ({"server": "postgresql://admin:hunter2@db/postgres"}, "server"),
        ({"server": "postgresql://admin@db:5432/postgres"}, None),
        ({"server": "managed"}, None),
        ({"dsn": "file:///etc/fairway/dsn"}, None),
    ],
)
def test_a_secret_in_clear_is_found(inputs: JsonObject, name: str | None) -> None:
    assert secret_input.find_clear_secret(SCHEMA, inputs) == name


def test_a_secret_is_read_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "the dsn"
    file.write_text("postgresql://admin:hunter2@db/postgres\n")
    opened = secret_input.open_secrets(SCHEMA, {"dsn": file.as_uri(), "server": "x"})
    assert opened == {"dsn": "postgresql://admin:hunter2@db/postgres", "server": "x"}


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="No such file"):
        secret_input.open_secrets(SCHEMA, {"dsn": (tmp_path / "none").as_uri()})
