"""Settings from the environment and the state folder."""

from pathlib import Path

import pytest

from fairway import settings
from fairway.settings import SettingError


def _read(home: Path, **environ: str) -> settings.Settings:
    return settings.read_settings({"FAIRWAY_HOME": str(home), **environ})


def test_the_state_is_where_xdg_says() -> None:
    read = settings.read_settings({"XDG_DATA_HOME": "/data"})
    assert read.home == Path("/data/fairway")
    assert read.database_url == "sqlite:////data/fairway/fairway.db"


def test_a_relative_xdg_folder_is_ignored() -> None:
    read = settings.read_settings({"XDG_DATA_HOME": "data"})
    assert read.home == Path.home() / ".local" / "share" / "fairway"


def test_without_a_control_plane_the_default_address_is_used(tmp_path: Path) -> None:
    assert _read(tmp_path).url == "http://127.0.0.1:7480"
    assert _read(tmp_path, FAIRWAY_PORT="1234").url == "http://127.0.0.1:1234"


def test_the_running_control_plane_tells_its_address(tmp_path: Path) -> None:
    (tmp_path / "endpoint.json").write_text('{"url": "http://127.0.0.1:9/"}')
    assert _read(tmp_path).url == "http://127.0.0.1:9"


@pytest.mark.parametrize("content", ["", "[1]", '{"url": 5}'])
def test_a_broken_endpoint_file_is_ignored(tmp_path: Path, content: str) -> None:
    (tmp_path / "endpoint.json").write_text(content)
    assert _read(tmp_path).url == "http://127.0.0.1:7480"


def test_the_owners_token_goes_to_this_machine_only(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("fwy_secret\n")
    assert _read(tmp_path).token == "fwy_secret"
    assert _read(tmp_path, FAIRWAY_URL="http://localhost:1").token == "fwy_secret"
    assert _read(tmp_path, FAIRWAY_URL="https://fairway.example").token == ""
    assert _read(tmp_path, FAIRWAY_TOKEN="mine").token == "mine"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FAIRWAY_PORT", "x"),
        ("FAIRWAY_BUILD_PROCESSES", "0"),
        ("FAIRWAY_BUILD_DISK_BYTES", "1Gi"),
        ("FAIRWAY_PORT", "70000"),
        ("FAIRWAY_GATEWAY_PORT", "-1"),
        ("FAIRWAY_URL", "ftp://x"),
        ("FAIRWAY_URL", "http://x:y"),
        ("FAIRWAY_URL", "127.0.0.1:7480"),
        ("FAIRWAY_LOG_LEVEL", "loud"),
    ],
)
def test_a_bad_value_is_named(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingError, match=name):
        _read(tmp_path, **{name: value})


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    read = _read(tmp_path, FAIRWAY_TOKEN="fwy_x", FAIRWAY_DATABASE_URL="postgresql://u:pw@h/d")
    assert "fwy_x" not in repr(read)
    assert "pw" not in repr(read)
