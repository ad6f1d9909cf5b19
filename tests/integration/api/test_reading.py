"""Reading: entity tags, pages, streams, and the errors of HTTP itself."""

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.deadline import wait_until
from tests.running import RunningPlatform, write_service

pytestmark = pytest.mark.integration

COMPONENT = """apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: NAME}
spec: {type: service, lifecycle: production, owner: shop, system: SYSTEM}
"""


@contextmanager
def request(
    api: RunningPlatform, method: str, path: str, **headers: str
) -> Iterator[http.client.HTTPResponse]:
    token = (api.home / "token").read_text().strip()
    connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=30)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request(
            method, f"/api/v1{path}", headers={"Authorization": f"Bearer {token}", **named}
        )
        yield connection.getresponse()
    finally:
        connection.close()


def put(api: RunningPlatform, name: str, system: str, **headers: str) -> int:
    content = COMPONENT.replace("NAME", name).replace("SYSTEM", system)
    body = {"files": [{"name": "c.yaml", "content": content}]}
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return api.ask("POST", "/entities", body, headers=named)[0]


def read_tag(api: RunningPlatform, path: str) -> str:
    with request(api, "GET", path) as answer:
        return answer.headers["ETag"]


def test_what_did_not_change_is_not_sent_again(api: RunningPlatform) -> None:
    path = "/entities/component/default/tagged"
    assert put(api, "tagged", "one") == 200
    tag = read_tag(api, path)
    with request(api, "GET", path, If_None_Match=f'"x", W/{tag}') as answer:
        assert (answer.status, answer.read(), answer.headers["ETag"]) == (304, b"", tag)
    put(api, "tagged", "two")
    with request(api, "GET", path, If_None_Match=tag) as answer:
        assert answer.status == 200
        assert answer.headers["ETag"] != tag


def test_a_relation_that_came_from_elsewhere_is_a_change(api: RunningPlatform) -> None:
    system = (
        "apiVersion: backstage.io/v1alpha1\nkind: System\nmetadata: {name: hub}\nspec: {owner: x}\n"
    )
    api.ask("POST", "/entities", {"files": [{"name": "s.yaml", "content": system}]})
    path = "/entities/system/default/hub"
    tag = read_tag(api, path)
    put(api, "spoke", "hub")
    assert read_tag(api, path) != tag


def test_a_change_of_what_has_moved_is_refused(api: RunningPlatform) -> None:
    path = "/entities/component/default/moved"
    put(api, "moved", "one")
    tag = read_tag(api, path)
    assert put(api, "moved", "two", If_Match=tag) == 200
    assert put(api, "moved", "three", If_Match=tag) == 412
    with request(api, "DELETE", path, If_Match=tag) as answer:
        assert json.loads(answer.read())["code"] == "REVISION-MOVED"
    with request(api, "DELETE", path, If_Match='"abc"') as answer:
        assert (answer.status, json.loads(answer.read())["code"]) == (400, "REQUEST-INVALID")
    assert api.ask("GET", path)[1]["revision"] == 2
    with request(api, "DELETE", path, If_Match=read_tag(api, path)) as answer:
        assert answer.status == 200


def test_every_run_is_on_one_page(api: RunningPlatform, tmp_path: Path) -> None:
    service = write_service(tmp_path / "paged", "paged")
    api.must("build", str(service))
    for _ in range(3):
        api.ask("POST", "/environments/dev/deployments/paged/deploy", {"release": 1})
    found: list[int] = []
    following = None
    while True:
        before = f"&before={following}" if following else ""
        _, page = api.ask("GET", f"/runs?component=paged&limit=2{before}")
        found += [run["id"] for run in page["items"]]
        following = page["next"]
        if following is None:
            break
        assert len(page["items"]) == 2
    assert found == sorted(set(found), reverse=True)
    assert len(found) == 4
    _, deployed = api.ask("GET", "/runs?component=paged&environment=dev")
    assert len(deployed["items"]) == 3


def test_every_event_is_on_one_page_of_the_audit_log(api: RunningPlatform) -> None:
    put(api, "audited", "x")
    sequences: list[int] = []
    after = 0
    while True:
        _, page = api.ask("GET", f"/audit?limit=3&after={after}")
        sequences += [event["sequence"] for event in page["items"]]
        if page["next"] is None:
            break
        after = page["next"]
    _, whole = api.ask("GET", "/audit?limit=1000")
    assert sequences == [event["sequence"] for event in whole["items"]][: len(sequences)]
    assert len(sequences) >= len(whole["items"]) - 1


def test_the_story_of_a_run_goes_on_after_the_last_event(
    api: RunningPlatform, tmp_path: Path
) -> None:
    service = write_service(tmp_path / "told", "told")
    run = api.must("build", str(service), "--output", "json").data["id"]

    def read(**headers: str) -> list[str]:
        with request(api, "GET", f"/runs/{run}/events", **headers) as answer:
            text = answer.read().decode()
        return [line[4:] for line in text.splitlines() if line.startswith("id: ")]

    whole = read()
    assert whole == [str(number) for number in range(1, len(whole) + 1)]
    assert read(Last_Event_ID="3") == whole[3:]
    assert read(Last_Event_ID="nonsense") == whole


def test_readers_that_go_away_leave_no_thread(api: RunningPlatform, tmp_path: Path) -> None:
    service = write_service(tmp_path / "quiet", "quiet")
    api.must("deploy", str(service), "--env", "dev")
    assert api.process is not None
    files = Path(f"/proc/{api.process.pid}/fd")
    before = len(list(files.iterdir()))
    path = "/environments/dev/deployments/quiet/logs?follow=true"
    for _ in range(2):
        open_requests = [request(api, "GET", path) for _ in range(30)]
        for item in open_requests:
            assert item.__enter__().status == 200
        # More readers than the framework has threads for requests: others are still answered.
        assert api.ask("GET", "/whoami")[0] == 200
        for item in open_requests:
            item.__exit__(None, None, None)
    # Each reader holds a connection to the agent until its thread notices that it is alone.
    wait_until(lambda: len(list(files.iterdir())) <= before + 8, seconds=15)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/entities/", 404),
        ("PATCH", "/users", 405),
        ("HEAD", "/users", 405),
        ("GET", "/users?nmae=x", 422),
        ("GET", "/runs/x", 422),
        ("GET", "/runs/99999999999999999999", 422),
        ("GET", "/runs/4711000", 404),
        ("GET", "/entities?limit=false", 422),
        ("GET", "/entities?filter=spec.type", 422),
        ("GET", '/entities?filter=a"b=c', 422),
        ("GET", "/entities?text=%00", 422),
        ("GET", "/audit?subject=%00", 422),
        ("GET", "/components/%2e%2e%2f", 404),
        ("GET", "/plans/zz", 422),
    ],
)
def test_every_error_is_a_problem(
    api: RunningPlatform, method: str, path: str, status: int
) -> None:
    with request(api, method, path) as answer:
        content = answer.read()
        assert answer.status == status
        assert answer.headers["Content-Type"] == "application/problem+json"
        if method != "HEAD":
            problem = json.loads(content)
            assert problem["status"] == status
            assert problem["fix"]


@pytest.mark.parametrize(
    ("path", "body", "where"),
    [
        ("/entities", {"files": [{"name": "x", "content": False}]}, "content"),
        ("/entities", {"files": [], "extra": 1}, "files"),
        ("/users/strict/tokens", {"lifetimeSeconds": True}, "lifetimeSeconds"),
        ("/users/strict/tokens", {"lifetimeSeconds": "60"}, "lifetimeSeconds"),
        ("/users/strict/tokens", {"lifetime_seconds": 60}, "lifetime_seconds"),
        ("/environments/dev/deployments/x/deploy", {"release": False}, "release"),
        ("/environments/dev/deployments/x/deploy", {"release": 1.5}, "release"),
        ("/environments/dev/deployments/X!/deploy", {"release": 1}, "component"),
    ],
)
def test_input_is_taken_literally(
    api: RunningPlatform, path: str, body: object, where: str
) -> None:
    status, problem = api.ask("POST", path, body)
    assert (status, problem["code"]) == (422, "REQUEST-INVALID")
    assert where in problem["why"]


def test_a_body_that_is_too_large_is_refused_before_it_is_read(api: RunningPlatform) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=30)
    connection.putrequest("POST", "/api/v1/entities")
    connection.putheader("Content-Length", str(2**40))
    connection.endheaders()
    try:
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())["code"]) == (413, "REQUEST-TOO-LARGE")
    finally:
        connection.close()


@pytest.mark.parametrize("token", ["", "fwy_wrong", "é"])
def test_a_wrong_token_gets_nowhere(api: RunningPlatform, token: str) -> None:
    _, document = api.ask("GET", "/openapi.json")
    for path, operations in document["paths"].items():
        for method in operations:
            # The catalog in Backstage's form is asked in tests of its own.
            if path.endswith("/healthz") or not path.startswith("/api/v1"):
                continue
            filled = (
                path.removeprefix("/api/v1")
                .replace("{digest}", "sha256:" + "0" * 64)
                .replace("{run}", "1")
            )
            for name in ("environment", "component", "kind", "namespace", "name", "resource"):
                filled = filled.replace(f"{{{name}}}", "x")
            status, _ = api.ask(
                method.upper(), filled.replace("{token}", "t"), token=token or "", headers={}
            )
            assert status in (401, 422), (method, path)
    assert api.ask("GET", "/healthz", token="")[0] == 200
