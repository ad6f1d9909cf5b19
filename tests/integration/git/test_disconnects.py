"""Clients that go away in the middle, and what is left of their requests: nothing."""

import socket
from base64 import b64encode

import pytest

from tests.deadline import wait_until
from tests.integration.git.client import Client
from tests.integration.git.hosting import fsck, list_processes
from tests.running import RunningPlatform

pytestmark = pytest.mark.integration


@pytest.fixture
def work(ana: Client, repository: str) -> str:
    ana.clone(repository, "work")
    ana.commit("work", a__txt="1")
    ana.must("push", "--quiet", "origin", "HEAD:main", at="work")
    return "work"


def begin(client: Client, repository: str, service: str, body: bytes) -> socket.socket:
    """Send the head of a request and a part of its body, which never ends."""
    login = b64encode(f"x:{client.token}".encode()).decode()
    connection = socket.create_connection(("127.0.0.1", client.port), timeout=30)
    connection.sendall(
        f"POST /git/{repository}.git/{service} HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Basic {login}\r\nContent-Type: application/x-{service}-request\r\n"
        f"Content-Length: 1000000\r\n\r\n".encode()
        + body
    )
    return connection


@pytest.mark.parametrize("service", ["git-upload-pack", "git-receive-pack"])
def test_a_client_that_leaves_in_mid_request_leaves_no_process(
    service: str, ana: Client, work: str, repository: str, platform: RunningPlatform
) -> None:
    head = ana.must("rev-parse", "HEAD", at=work).strip()
    command = f"{'0' * 40} {head} refs/heads/half\0 report-status".encode()
    body = f"{len(command) + 4:04x}".encode() + command + b"0000PACK\0\0\0\2\0\0\0\7"
    known = set(list_processes(platform.home))
    with begin(ana, repository, service, body):
        wait_until(lambda: set(list_processes(platform.home)) - known)
    wait_until(lambda: not set(list_processes(platform.home)) - known)
    fsck(platform.home, repository)
    folder = platform.home / "repositories" / f"{repository}.git"
    assert not list(folder.glob("objects/tmp_objdir-*"))
    assert "refs/heads/half" not in ana.must("ls-remote", ana.url(repository))
    ana.commit(work, a__txt="2")
    ana.must("push", "--quiet", "origin", "HEAD:main", at=work)


def test_the_other_side_waits_for_nobody_while_one_is_slow(
    ana: Client, work: str, repository: str
) -> None:
    with begin(ana, repository, "git-upload-pack", b"00"):
        ana.clone(repository, "meanwhile")
