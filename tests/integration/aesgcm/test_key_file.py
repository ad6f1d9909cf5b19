import base64
import multiprocessing
import os
import stat
from pathlib import Path

import pytest

from fairway.drivers.aesgcm import key_file
from fairway.drivers.aesgcm.sealer import open_sealer
from fairway.kits.errors import Refused, Unavailable

pytestmark = pytest.mark.integration


def test_the_key_is_made_once_and_is_private(tmp_path: Path) -> None:
    value = open_sealer(tmp_path).seal("s3cret", context="here")
    path = tmp_path / "keys" / "sealing.keys"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]
    assert open_sealer(tmp_path).open(value, context="here") == "s3cret"


def test_processes_that_race_get_one_key(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "sealing.keys"
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        found = pool.map(key_file.read_or_create_keys, [path] * 16, chunksize=1)
    assert len(set(found)) == 1
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    open_sealer(tmp_path)
    path = tmp_path / "keys" / "sealing.keys"
    path.chmod(mode)
    with pytest.raises(Refused, match=f"its mode is {mode:04o}") as caught:
        open_sealer(tmp_path)
    assert caught.value.fix == f"run: chmod 600 {path}"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_key_of_another_user_is_refused(tmp_path: Path) -> None:
    open_sealer(tmp_path)
    path = tmp_path / "keys" / "sealing.keys"
    os.chown(path, 65534, 65534)
    with pytest.raises(Refused, match="belongs to user 65534"):
        open_sealer(tmp_path)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is empty"),
        (b"not base64!", "line 1 is not base64"),
        (base64.b64encode(b"short"), "line 1 holds 5 bytes instead of 32"),
    ],
)
def test_a_broken_key_file_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    open_sealer(tmp_path)
    path = tmp_path / "keys" / "sealing.keys"
    path.write_bytes(content)
    with pytest.raises(Refused, match=why) as caught:
        open_sealer(tmp_path)
    assert caught.value.code == "KEY-INVALID"


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file in the way")
    with pytest.raises(Unavailable, match="File exists") as caught:
        open_sealer(tmp_path)
    assert caught.value.code == "KEY-UNWRITABLE"
