"""Repositories that follow one on another server: here, another one of the same platform."""

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

import pytest

from tests.deadline import wait_until
from tests.integration.git.client import Client
from tests.running import RunningPlatform

pytestmark = pytest.mark.integration

BODY = {"ref": "refs/heads/main", "repository": {"name": "orders"}}


@pytest.fixture
def origin(ana: Client, repository: str) -> str:
    """Return a repository with a commit, cloned to `work`; it plays the other server's."""
    ana.clone(repository, "work")
    ana.commit("work", "First", a__txt="1")
    ana.must("push", "--quiet", "origin", "HEAD:main", "HEAD:topic", at="work")
    return repository


@pytest.fixture
def mirror(origin: str, ana: Client, platform: RunningPlatform) -> str:
    """Return a repository that follows `origin` and has all of it."""
    name = f"{origin}-mirror"
    platform.must("repo", "create", name, "--owner", "shop")
    credentials = ana.folder / "credentials"
    credentials.write_text(f"any:{ana.token}\n")
    url = f"http://127.0.0.1:{ana.port}/git/{origin}.git"
    platform.must("repo", "follow", name, url, "--credentials-file", str(credentials))
    wait_until(lambda: len(read_branches(platform, name)) == 2)
    return name


def read_branches(platform: RunningPlatform, name: str) -> dict[str, str]:
    _, found = platform.ask("GET", f"/repositories/{name}")
    return {item["name"]: item["commit"]["id"] for item in found["branches"]}


def read_problem(platform: RunningPlatform, name: str) -> str:
    return str(platform.ask("GET", f"/repositories/{name}")[1]["originState"]["problem"])


def test_what_is_pushed_there_comes_here_by_polling(
    ana: Client, origin: str, mirror: str, platform: RunningPlatform
) -> None:
    second = ana.commit("work", "Second", a__txt="2")
    ana.must("tag", "v1", at="work")
    ana.must("push", "--quiet", "origin", "HEAD:main", "v1", ":topic", at="work")
    wait_until(lambda: read_branches(platform, mirror) == {"main": second})
    assert read_branches(platform, origin) == {"main": second}
    _, found = platform.ask("GET", f"/repositories/{mirror}")
    assert found["tags"] == [{"name": "v1", "commit": second}]
    _, pushes = platform.ask("GET", f"/repositories/{mirror}/pushes?branch=main")
    assert pushes["items"][0]["after"] == second
    # What is fetched is kept apart, and shown to nobody.
    assert "refs/fairway" not in ana.must("ls-remote", ana.url(mirror))


def test_it_takes_no_pushes(ana: Client, mirror: str) -> None:
    ana.clone(mirror, "copy")
    ana.commit("copy", a__txt="3")
    outcome = ana.run("push", "origin", "HEAD:main", at="copy")
    assert "remote: error REPOSITORY-FOLLOWS" in outcome.err


def test_a_rewritten_branch_is_told_in_words_and_followed_when_somebody_says_so(
    ana: Client, origin: str, mirror: str, platform: RunningPlatform
) -> None:
    before = read_branches(platform, mirror)["main"]
    rewritten = force(ana, platform, origin)
    wait_until(lambda: read_problem(platform, mirror))
    assert read_problem(platform, mirror) == (
        f"the origin has rewritten branch 'main' to {rewritten[:7]}; "
        f"it still leads to {before[:7]} here"
    )
    assert read_branches(platform, mirror)["main"] == before
    _, events = platform.ask("GET", "/audit?limit=1000")
    told = [event for event in events["items"] if event["type"] == "origin.rewritten"
            and event["subject"] == f"repository/{mirror}/refs/heads/main"]  # fmt: skip
    assert [event["data"]["isFollowed"] for event in told] == [False]
    platform.must("repo", "follow", mirror, "--accept-rewrite")
    assert read_branches(platform, mirror)["main"] == rewritten
    assert read_problem(platform, mirror) == ""


def force(client: Client, platform: RunningPlatform, origin: str) -> str:
    """Rewrite the origin's main, as somebody who moves the default branch away can."""
    client.must("commit", "--quiet", "--amend", "-m", "Rewritten", at="work")
    platform.must("repo", "set", origin, "--default-branch", "topic")
    client.must("push", "--quiet", "--force", "origin", "HEAD:main", at="work")
    platform.must("repo", "set", origin, "--default-branch", "main")
    return client.must("rev-parse", "HEAD", at="work").strip()


def test_an_origin_that_is_away_is_asked_again(
    ana: Client, repository: str, platform: RunningPlatform
) -> None:
    platform.must("repo", "follow", repository, "http://127.0.0.1:9/none.git")
    accepted = platform.run("repo", "follow", repository, "--accept-rewrite")
    assert (accepted.code, "ORIGIN-AWAY" in accepted.err) == (75, True)
    platform.must("repo", "follow", repository, "--stop")
    ana.clone(repository, "work")
    ana.commit("work", a__txt="1")
    ana.must("push", "--quiet", "origin", "HEAD:main", at="work")


def test_a_repository_with_branches_of_its_own_is_asked_about(
    origin: str, ana: Client, platform: RunningPlatform
) -> None:
    refused = platform.run("repo", "follow", origin, "http://127.0.0.1:9/none.git")
    assert "YES-NEEDED" in refused.err
    assert "main, topic" in refused.out
    assert platform.ask("GET", f"/repositories/{origin}")[1]["origin"] == ""


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc",
        "/etc",
        "ext::sh -c date",
        "https://me:secret@example.com/x.git",
        "http://",
        "",
    ],
)
def test_an_address_that_cannot_be_followed_is_refused(
    url: str, repository: str, platform: RunningPlatform
) -> None:
    status, answer = platform.ask(
        "POST", f"/repositories/{repository}/origin", {"url": url or "x", "credentials": ""}
    )
    assert (status, answer["code"]) == (422, "ORIGIN-INVALID")
    assert "secret" not in answer["why"] or "password" in answer["why"]


def test_credentials_and_secrets_are_shown_to_nobody(
    mirror: str, ana: Client, platform: RunningPlatform
) -> None:
    _, found = platform.ask("GET", f"/repositories/{mirror}")
    assert found["originState"]["hasCredentials"] is True
    assert ana.token not in json.dumps(found)


class Sender:
    """Sends webhooks as other servers do."""

    def __init__(self, platform: RunningPlatform, repository: str) -> None:
        self._platform = platform
        self._path = f"/hooks/{repository}"
        made = platform.must("repo", "hook", repository, "-o", "json").data
        assert made["path"] == f"/api/v1{self._path}"
        self.secret = str(made["secret"])

    def send(self, headers: Mapping[str, str], body: object = BODY) -> tuple[int, Any]:
        return self._platform.ask("POST", self._path, body, token="", headers=headers)

    def sign(self, body: object = BODY, secret: str = "") -> str:
        key = (secret or self.secret).encode()
        return hmac.new(key, json.dumps(body).encode(), hashlib.sha256).hexdigest()

    def github(
        self, body: object = BODY, *, delivery: str = "1", secret: str = ""
    ) -> dict[str, str]:
        return {
            "X-GitHub-Event": "push",
            "X-GitHub-Delivery": delivery,
            "X-Hub-Signature-256": f"sha256={self.sign(body, secret)}",
        }


def test_webhooks_of_three_kinds_of_server_are_understood(
    repository: str, platform: RunningPlatform
) -> None:
    sender = Sender(platform, repository)
    gitea = {"X-Gitea-Event": "push", "X-Gitea-Delivery": "2", "X-Gitea-Signature": sender.sign()}
    gitlab = {"X-Gitlab-Event": "Push Hook", "X-Gitlab-Event-UUID": "3",
              "X-Gitlab-Token": sender.secret}  # fmt: skip
    for headers in (sender.github(), gitea, gitlab):
        assert sender.send(headers) == (202, {"state": "accepted"})
        assert sender.send(headers) == (202, {"state": "repeated"})
    ping = {**sender.github(delivery="4"), "X-GitHub-Event": "ping"}
    assert sender.send(ping) == (202, {"state": "ignored"})


def test_a_webhook_that_proves_nothing_is_refused(
    repository: str, platform: RunningPlatform
) -> None:
    sender = Sender(platform, repository)
    wrong = [
        sender.github(secret="wrong"),
        {**sender.github(), "X-Hub-Signature-256": sender.sign()[:-1] + "x"},
        {"X-GitHub-Event": "push", "X-GitHub-Delivery": "1"},
        {"X-Gitlab-Event": "Push Hook", "X-Gitlab-Token": "wrong"},
        {"X-Gitlab-Event": "Push Hook", "X-Gitlab-Token": ""},
        {"X-Gitlab-Event": "Push Hook", "X-Gitlab-Token": "not genuine"},
        {"X-Gitea-Event": "push", "X-Gitea-Signature": sender.sign(secret="wrong")},
        sender.github({**BODY, "ref": "other"}),
    ]
    for headers in wrong:
        status, answer = sender.send(headers)
        assert (status, answer["code"]) == (401, "HOOK-UNPROVEN")
    for path in ("/hooks/none", "/hooks/golden-path-none"):
        status, answer = platform.ask("POST", path, BODY, token="", headers=sender.github())
        assert (status, answer["code"]) == (401, "HOOK-UNPROVEN")


def test_an_old_webhook_and_one_that_is_no_json_are_refused(
    repository: str, platform: RunningPlatform
) -> None:
    sender = Sender(platform, repository)
    for seconds, code in ((7200, 409), (-7200, 409), (60, 202)):
        body = {"repository": {"pushed_at": int(time.time()) - seconds}}
        assert sender.send(sender.github(body, delivery=str(seconds)), body)[0] == code
    assert sender.send(sender.github([1], delivery="list"), [1])[0] == 422


def test_a_new_secret_makes_the_old_one_void(repository: str, platform: RunningPlatform) -> None:
    old, new = Sender(platform, repository), Sender(platform, repository)
    assert old.send(old.github())[0] == 401
    assert new.send(new.github())[0] == 202
