import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from fairway.core.graph.live import NodeId
from fairway.drivers.redis import connection, server
from fairway.drivers.redis.provisioner import RedisProvisioner
from fairway.kits.canonical import JsonObject
from fairway.kits.errors import Refused, Unavailable
from fairway.ports.provisioner import ResourceSpec

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def provisioner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisProvisioner]:
    with tempfile.TemporaryDirectory(prefix="fairway-test-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        found = RedisProvisioner(tmp_path_factory.mktemp("home"), data_root=Path(folder))
        try:
            yield found
        finally:
            for local in found.list_servers():
                local.stop()


def _make_spec(environment: str, *, inputs: JsonObject | None = None) -> ResourceSpec:
    return ResourceSpec(
        environment=environment,
        id=NodeId("redis.default#orders.cache"),
        type="redis",
        class_="default",
        component="orders",
        params={},
        inputs=inputs or {},
        key=environment,
    )


def _open(outputs: JsonObject) -> connection.Session:
    return connection.open_session(str(outputs["url"]))


def _ignore(line: str) -> None:
    assert line


def test_names_and_progress_are_what_people_expect(provisioner: RedisProvisioner) -> None:
    lines: list[str] = []
    outputs = provisioner.apply(_make_spec("dev"), lines.append)
    assert lines == ["user orders_dev_cache, keys orders_dev_cache:*"]
    assert outputs["username"] == "orders_dev_cache"
    assert outputs["prefix"] == "orders_dev_cache:"


@pytest.mark.parametrize(
    "command",
    [
        "GET orders_b_cache:x",
        "SET orders_b_cache:x 1",
        "PUBLISH orders_b_cache:x 1",
        "SUBSCRIBE orders_b_cache:x",
        "EVAL return(redis.call('GET','orders_b_cache:x')) 0",
        "HGETALL fairway:owners",
        "KEYS *",
        "SCAN 0",
        "RANDOMKEY",
        "PUBSUB CHANNELS",
        "CLIENT TRACKING ON BCAST",
        "CLIENT LIST",
        "FLUSHALL",
        "FLUSHDB",
        "SWAPDB 0 0",
        "SELECT 0",
        "FUNCTION FLUSH",
        "SCRIPT FLUSH",
        "CONFIG GET *",
        "ACL LIST",
        "SHUTDOWN NOSAVE",
        "MONITOR",
    ],
)
def test_a_user_reaches_nothing_of_others(provisioner: RedisProvisioner, command: str) -> None:
    outputs = provisioner.apply(_make_spec("a"), _ignore)
    provisioner.apply(_make_spec("b"), _ignore)
    with (
        _open(outputs) as session,
        pytest.raises(redis.ResponseError, match=r"permissions|can't access"),
    ):
        connection.ask(session, *command.split())


def test_a_user_can_do_all_that_a_service_needs(provisioner: RedisProvisioner) -> None:
    outputs = provisioner.apply(_make_spec("full"), _ignore)
    prefix = str(outputs["prefix"])
    with _open(outputs) as session:
        with session.pipeline() as pipeline:
            pipeline.lpush(f"{prefix}list", "a")
            pipeline.expire(f"{prefix}list", 60)
            assert pipeline.execute() == [1, True]
        assert session.eval("return redis.call('LLEN', KEYS[1])", 1, f"{prefix}list") == 1
        assert session.xadd(f"{prefix}stream", {"a": "1"})
        assert session.publish(f"{prefix}channel", "hello") == 0
        assert session.info("server")["redis_version"]


def test_users_and_keys_outlive_a_restart(provisioner: RedisProvisioner) -> None:
    spec = _make_spec("kept")
    outputs = provisioner.apply(spec, _ignore)
    with _open(outputs) as session:
        session.set(f"{outputs['prefix']}order", "coffee")
    (local,) = provisioner.list_servers()
    local.stop()
    assert provisioner.observe(replace(spec, outputs=outputs)).state == "present"
    with _open(outputs) as session:
        assert session.get(f"{outputs['prefix']}order") == b"coffee"


def test_a_user_whose_mark_was_lost_is_known_by_its_password(
    provisioner: RedisProvisioner,
) -> None:
    spec = _make_spec("marked")
    applied = replace(spec, outputs=provisioner.apply(spec, _ignore))
    (local,) = provisioner.list_servers()
    record = local.find()
    assert record
    with connection.open_session(server.make_url(record)) as session:
        session.hdel("fairway:owners", "orders_marked_cache")
    assert provisioner.observe(applied).state == "drifted"
    assert provisioner.apply(applied, _ignore) == applied.outputs
    assert provisioner.observe(applied).state == "present"


def test_keys_that_were_there_before_are_somebody_elses(provisioner: RedisProvisioner) -> None:
    provisioner.apply(_make_spec("dev"), _ignore)
    (local,) = provisioner.list_servers()
    record = local.find()
    assert record
    with connection.open_session(server.make_url(record)) as session:
        session.set("orders_theirs_cache:x", "1")
    with pytest.raises(Refused, match=r"keys 'orders_theirs_cache:\*' exist"):
        provisioner.apply(_make_spec("theirs"), _ignore)


def test_the_loss_is_told_in_keys(provisioner: RedisProvisioner) -> None:
    spec = _make_spec("lossy")
    outputs = provisioner.apply(spec, _ignore)
    with _open(outputs) as session:
        session.mset({f"{outputs['prefix']}{number}": "x" * 1000 for number in range(2500)})
    loss = provisioner.preview_delete(spec)
    assert loss
    assert loss.summary.endswith("MiB in 2500 keys")
    assert 2_500_000 < loss.size_bytes < 5_000_000


def test_a_backup_brings_the_keys_back(provisioner: RedisProvisioner, tmp_path: Path) -> None:
    spec = _make_spec("saved")
    outputs = provisioner.apply(spec, _ignore)
    prefix = str(outputs["prefix"])
    with _open(outputs) as session:
        session.set(f"{prefix}binary", bytes(range(256)))
        session.rpush(f"{prefix}list", "a", "b")
        session.set(f"{prefix}short", "lived", ex=600)
    path = provisioner.backup(spec, tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600
    provisioner.delete(spec, "delete", _ignore)
    outputs = provisioner.apply(spec, _ignore)
    (local,) = provisioner.list_servers()
    record = local.find()
    assert record
    subprocess.run(
        ["redis-cli", "--no-auth-warning", "-u", server.make_url(record), "--pipe"],
        input=path.read_bytes(),
        stdout=subprocess.DEVNULL,
        check=True,
    )
    with _open(outputs) as session:
        assert session.get(f"{prefix}binary") == bytes(range(256))
        assert session.lrange(f"{prefix}list", 0, -1) == [b"a", b"b"]
        assert 590 < int(session.ttl(f"{prefix}short")) <= 600


def test_a_machine_without_redis_is_told_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    lonely = RedisProvisioner(tmp_path / "home", data_root=tmp_path / "data")
    with pytest.raises(
        Refused, match="neither redis-server nor valkey-server is on PATH"
    ) as caught:
        lonely.apply(_make_spec("dev"), _ignore)
    assert caught.value.code == "REDIS-MISSING"
    assert "redis-server" in caught.value.fix
    assert lonely.observe(_make_spec("dev")).state == "missing"


def test_a_server_that_is_away_may_be_asked_again(tmp_path: Path) -> None:
    spec = _make_spec("away", inputs={"url": "redis://admin:s3cret@127.0.0.1:1"})
    with pytest.raises(Unavailable, match=r"server '127\.0\.0\.1:1'") as caught:
        RedisProvisioner(tmp_path).apply(spec, _ignore)
    assert caught.value.code == "REDIS-AWAY"
    assert "s3cret" not in f"{caught.value!r}"


def test_a_password_that_is_wrong_is_refused(provisioner: RedisProvisioner) -> None:
    port = provisioner.apply(_make_spec("dev"), _ignore)["port"]
    spec = _make_spec("denied", inputs={"url": f"redis://fairway:wr0ng@127.0.0.1:{port}"})
    with pytest.raises(Refused, match="cannot use Redis server") as caught:
        provisioner.apply(spec, _ignore)
    assert caught.value.code == "REDIS-DENIED"
    assert "wr0ng" not in f"{caught.value!r}"
