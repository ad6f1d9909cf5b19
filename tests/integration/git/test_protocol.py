"""The stock git client over HTTP: what it can do, and who may."""

import gzip
import http.client
import os
import socket
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.integration.git.client import Client
from tests.integration.git.hosting import fsck
from tests.running import RunningPlatform

pytestmark = pytest.mark.integration

CLIENTS = 20


def test_what_one_pushes_another_fetches(ana: Client, eve: Client, repository: str) -> None:
    ana.clone(repository, "work")
    first = ana.commit("work", README__md="one\n")
    ana.must("push", "--quiet", "origin", "HEAD:main", at="work")
    eve.clone(repository, "work")
    assert eve.must("rev-parse", "HEAD", at="work").strip() == first
    second = ana.commit("work", README__md="two\n")
    ana.must("tag", "-a", "-m", "The first", "v1", at="work")
    ana.must("push", "--quiet", "--follow-tags", "origin", "HEAD:main", at="work")
    eve.must("pull", "--quiet", at="work")
    assert eve.must("rev-parse", "HEAD", "v1^{commit}", at="work").split() == [second, second]


def test_shallow_and_partial_clones_have_less_and_get_more_when_asked(
    ana: Client, repository: str
) -> None:
    ana.clone(repository, "work")
    for number in range(3):
        ana.commit("work", a__txt=str(number))
    ana.must("push", "--quiet", "origin", "HEAD:main", at="work")
    ana.clone(repository, "shallow", "--depth", "1")
    assert ana.must("rev-list", "--count", "HEAD", at="shallow").strip() == "1"
    ana.must("fetch", "--quiet", "--unshallow", at="shallow")
    assert ana.must("rev-list", "--count", "HEAD", at="shallow").strip() == "3"
    ana.clone(repository, "partial", "--filter=blob:none", "--no-checkout")
    missing = ana.must("rev-list", "--objects", "--all", "--missing=print", at="partial")
    assert sum(line.startswith("?") for line in missing.splitlines()) == 3
    ana.must("checkout", "--quiet", "main", at="partial")
    assert (ana.folder / "partial" / "a.txt").read_text() == "2"


def test_many_clients_at_once_push_and_clone_in_every_way(
    ana: Client, platform: RunningPlatform, repository: str
) -> None:
    ana.clone(repository, "work")
    ana.commit("work", base__txt="base\n")
    ana.must("push", "--quiet", "origin", "HEAD:main", at="work")
    ways: tuple[list[str], ...] = (
        [],
        ["--depth", "1"],
        ["--filter=blob:none"],
        ["--no-local", "--bare"],
    )

    def use(number: int) -> None:
        ana.clone(repository, f"push-{number}")
        ana.commit(f"push-{number}", **{f"file{number}__txt": f"{number}\n" * 1000})
        ana.must("push", "--quiet", "origin", f"HEAD:topic-{number}", at=f"push-{number}")
        ana.clone(repository, f"clone-{number}", *ways[number % len(ways)])
        ana.must("fetch", "--quiet", "origin", at=f"push-{number}")

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(use, range(CLIENTS)))
    fsck(platform.home, repository)
    _, pushes = platform.ask("GET", f"/repositories/{repository}/pushes?limit=100")
    heads = {
        line.split("\t")[1].removeprefix("refs/heads/"): line.split("\t")[0]
        for line in ana.must("ls-remote", "--heads", ana.url(repository)).splitlines()
    }
    assert {push["branch"]: push["after"] for push in pushes["items"]} == heads
    assert len(heads) == CLIENTS + 1


def test_a_wrong_token_is_told_so(ana: Client, repository: str) -> None:
    stranger = Client(ana.folder, ana.port, "fwy_wrong")
    outcome = stranger.run("clone", stranger.url(repository), "work")
    assert outcome.code == 128
    assert "remote: error TOKEN-INVALID" in outcome.err


def test_without_a_token_git_is_asked_for_one(ana: Client, repository: str) -> None:
    outcome = ana.run("clone", f"http://127.0.0.1:{ana.port}/git/{repository}.git", "work")
    assert "could not read Username" in outcome.err
    connection = http.client.HTTPConnection("127.0.0.1", ana.port, timeout=30)
    connection.request("GET", f"/git/{repository}.git/info/refs?service=git-upload-pack")
    answer = connection.getresponse()
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith('Basic realm="Fairway"')
    connection.close()


def test_a_stranger_may_read_and_not_push_and_is_told_why(
    ana: Client, eve: Client, repository: str
) -> None:
    ana.clone(repository, "work")
    ana.commit("work", a__txt="1")
    ana.must("push", "--quiet", "origin", "HEAD:main", at="work")
    eve.clone(repository, "work")
    eve.commit("work", a__txt="2")
    outcome = eve.run("push", "origin", "HEAD:main", at="work")
    assert outcome.code == 128
    assert "remote: error ACCESS-DENIED: cannot push to repository" in outcome.err
    assert "belongs to 'group:shop'" in outcome.err


def test_a_push_that_is_too_large_says_so_and_changes_nothing(
    ana: Client, repository: str, platform: RunningPlatform
) -> None:
    ana.clone(repository, "work")
    ana.commit("work", a__txt="1")
    ana.must("push", "--quiet", "origin", "HEAD:main", at="work")
    for size in (4, 24):
        (ana.folder / "work" / "large.bin").write_bytes(os.urandom(size << 20))
        ana.commit("work", "Large")
        outcome = ana.run("push", "origin", "HEAD:main", at="work")
        assert outcome.code != 0
    assert "exceeds maximum allowed size" in ana.run("push", "origin", "HEAD~1:main", at="work").err
    fsck(platform.home, repository)
    _, found = platform.ask("GET", f"/repositories/{repository}/commits")
    assert len(found["items"]) == 1


@pytest.mark.parametrize(
    "path",
    [
        "/git/../../etc/passwd/info/refs",
        "/git/%2e%2e/info/refs",
        "/git/%2e%2e%2forders/info/refs",
        "/git//etc/info/refs",
        "/git/orders.git/../../keys/info/refs",
        "/git/.orders/info/refs",
        "/git/Orders.git/info/refs",
        "/git/orders%00/info/refs",
        "/git/orders.git/HEAD",
        "/git/orders.git/objects/info/packs",
        "/git/orders.git/config",
        "/git/",
    ],
)
def test_a_hostile_name_finds_nothing(path: str, ana: Client) -> None:
    login = b64encode(f"x:{ana.token}".encode()).decode()
    with socket.create_connection(("127.0.0.1", ana.port), timeout=30) as connection:
        connection.sendall(
            f"GET {path}?service=git-upload-pack HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            f"Authorization: Basic {login}\r\n\r\n".encode()
        )
        with connection.makefile("rb") as answer:
            assert answer.readline().split()[1] == b"404"


def test_the_dumb_protocol_is_not_spoken(ana: Client, repository: str) -> None:
    assert ask(ana, "GET", f"/git/{repository}.git/info/refs")[0] == 403
    assert ask(ana, "GET", f"/git/{repository}.git/info/refs?service=git-shell")[0] == 403
    assert ask(ana, "POST", f"/git/{repository}.git/info/refs")[0] == 405
    assert ask(ana, "GET", f"/git/{repository}.git/git-receive-pack")[0] == 405


def test_a_compressed_body_and_expect_continue_are_understood(ana: Client, repository: str) -> None:
    ana.clone(repository, "work")
    ana.commit("work", a__txt="1")
    ana.must("push", "--quiet", "origin", "HEAD:main", at="work")
    body = gzip.compress(b"0014command=ls-refs\n00010009peel\n0015ref-prefix refs/\n0000")
    headers = {
        "Content-Type": "application/x-git-upload-pack-request",
        "Content-Encoding": "gzip",
        "Git-Protocol": "version=2",
        "Expect": "100-continue",
    }
    status, content = ask(ana, "POST", f"/git/{repository}.git/git-upload-pack", body, headers)
    assert status == 200
    assert b"refs/heads/main" in content


def test_a_bearer_token_is_as_good_as_a_password(ana: Client, repository: str) -> None:
    url = f"http://127.0.0.1:{ana.port}/git/{repository}.git"
    header = f"http.extraHeader=Authorization: Bearer {ana.token}"
    ana.must("-c", header, "clone", "--quiet", url, "work")


def ask(
    client: Client,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> tuple[int, bytes]:
    login = b64encode(f"x:{client.token}".encode()).decode()
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=30)
    try:
        sent = {"Authorization": f"Basic {login}", **(headers or {})}
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
