import pytest

from fairway.drivers.redis.connection import make_server
from fairway.kits.errors import Refused


@pytest.mark.parametrize(
    ("url", "host", "port", "is_tls"),
    [
        ("redis://admin:s3cret@cache.example.com:6390/0", "cache.example.com", 6390, False),
        ("rediss://admin:s3cret@cache.example.com", "cache.example.com", 6379, True),
    ],
)
def test_a_url_names_host_port_and_tls(url: str, host: str, port: int, is_tls: bool) -> None:
    server = make_server(url)
    assert (server.host, server.port, server.is_tls) == (host, port, is_tls)
    assert "s3cret" not in repr(server)


@pytest.mark.parametrize(
    "url",
    [
        "http://s3cret@cache",
        "redis://:s3cret@",
        "unix:///var/run/redis.sock?password=s3cret",
        "redis://:s3cret@cache/3",
        "redis://:s3cret@cache:port",
    ],
)
def test_a_url_that_workloads_cannot_use_is_refused_unquoted(url: str) -> None:
    with pytest.raises(Refused, match=r"cannot use the provisioner's inputs\.url") as caught:
        make_server(url)
    assert caught.value.code == "REDIS-URL-INVALID"
    assert "s3cret" not in f"{caught.value}{caught.value.fix}"
