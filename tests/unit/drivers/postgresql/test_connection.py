import pytest

from fairway.drivers.postgresql.connection import make_server
from fairway.drivers.postgresql.server import _find_fatal
from fairway.kits.errors import Refused


def test_a_url_names_host_port_and_ssl_mode() -> None:
    server = make_server("postgresql://admin:s3cret@db.example.com:6432/postgres?sslmode=require")
    assert (server.host, server.port, server.ssl_mode) == ("db.example.com", 6432, "require")
    assert str(server) == "db.example.com:6432"
    assert "s3cret" not in repr(server)


def test_what_is_not_said_is_what_libpq_takes() -> None:
    server = make_server("host=db.example.com user=admin")
    assert (server.port, server.ssl_mode) == (5432, "")
    assert "dbname=postgres" in server.conninfo


@pytest.mark.parametrize(
    "dsn",
    [
        "s3cret nonsense",
        "postgresql://admin:s3cret@/postgres",
        "host=/var/run/postgresql password=s3cret",
        "host=@abstract password=s3cret",
        "postgresql://admin:s3cret@one,two/postgres",
        "postgresql://admin:s3cret@one:port/postgres",
    ],
)
def test_a_string_that_workloads_cannot_use_is_refused_unquoted(dsn: str) -> None:
    with pytest.raises(Refused, match=r"cannot use the provisioner's inputs\.dsn") as caught:
        make_server(dsn)
    assert caught.value.code == "POSTGRES-DSN-INVALID"
    assert "s3cret" not in f"{caught.value}{caught.value.fix}"


def test_the_last_error_of_a_log_is_found_without_its_time() -> None:
    log = (
        '2026-11-21 13:50:39 UTC [1] FATAL:  could not create lock file "x"\n'
        '2026-11-21 13:50:40 UTC [2] FATAL:  lock file "postmaster.pid" is empty\n'
        "2026-11-21 13:50:40 UTC [2] LOG:  database system is shut down\n"
    )
    assert _find_fatal(log) == 'lock file "postmaster.pid" is empty'
    assert _find_fatal("LOG:  all is well\n") == ""
