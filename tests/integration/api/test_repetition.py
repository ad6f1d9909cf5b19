"""A request that comes again has one effect: after its answer, at once, and after a kill."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.running import RunningPlatform, write_service

pytestmark = pytest.mark.integration

SYSTEM = (
    "apiVersion: backstage.io/v1alpha1\nkind: System\nmetadata: {name: NAME}\nspec: {owner: x}\n"
)


def make_body(name: str) -> dict[str, Any]:
    return {"files": [{"name": "s.yaml", "content": SYSTEM.replace("NAME", name)}]}


@pytest.fixture(scope="module")
def released(api: RunningPlatform, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A component with a release."""
    folder = write_service(tmp_path_factory.mktemp("repeated"), "repeated")
    api.must("build", str(folder))
    return "repeated"


def count_runs(api: RunningPlatform, component: str) -> int:
    return len(api.ask("GET", f"/runs?component={component}")[1]["items"])


def test_the_same_again_gets_the_first_answer(api: RunningPlatform) -> None:
    key = {"Idempotency-Key": "same-again"}
    first = api.ask("POST", "/entities", make_body("again"), headers=key)
    again = api.ask("POST", "/entities", make_body("again"), headers=key)
    without = api.ask("POST", "/entities", make_body("again"))
    assert first == again
    assert first[1]["changes"][0]["action"] == "created"
    assert without[1]["changes"][0]["action"] == "unchanged"


def test_a_key_is_for_one_request(api: RunningPlatform) -> None:
    key = {"Idempotency-Key": "one-request"}
    assert api.ask("POST", "/entities", make_body("one"), headers=key)[0] == 200
    status, problem = api.ask("POST", "/entities", make_body("other"), headers=key)
    assert (status, problem["code"]) == (422, "IDEMPOTENCY-KEY-REUSED")
    assert api.ask("GET", "/entities/system/default/other")[0] == 404


def test_a_refusal_is_not_remembered(api: RunningPlatform) -> None:
    key = {"Idempotency-Key": "refused-first"}
    path = "/users/late/tokens"
    assert api.ask("POST", path, {}, headers=key)[0] == 404
    api.ask("PUT", "/users/late", {})
    assert api.ask("POST", path, {}, headers=key)[0] == 201


def test_a_token_is_made_once_and_kept_nowhere_in_clear(api: RunningPlatform) -> None:
    api.ask("PUT", "/users/once", {})
    key = {"Idempotency-Key": "token-once"}
    answers = [api.ask("POST", "/users/once/tokens", {}, headers=key)[1] for _ in range(2)]
    assert answers[0] == answers[1]
    assert len(api.ask("GET", "/users/once/tokens")[1]["items"]) == 1
    clear = answers[0]["token"].encode()
    for path in api.home.glob("fairway.db*"):
        assert clear not in path.read_bytes()


def test_a_wrong_token_gets_no_answer_of_another(api: RunningPlatform) -> None:
    key = {"Idempotency-Key": "stolen"}
    assert api.ask("POST", "/entities", make_body("stolen"), headers=key)[0] == 200
    status, problem = api.ask(
        "POST", "/entities", make_body("stolen"), headers=key, token="fwy_wrong"
    )
    assert (status, problem["code"]) == (401, "TOKEN-INVALID")


def test_two_at_once_start_one_run(api: RunningPlatform, released: str) -> None:
    path = f"/environments/dev/deployments/{released}/deploy"
    before = count_runs(api, released)
    with ThreadPoolExecutor(8) as pool:
        asked = [
            pool.submit(
                api.ask, "POST", path, {"release": 1}, headers={"Idempotency-Key": "at-once"}
            )
            for _ in range(8)
        ]
        answers = [item.result() for item in asked]
    assert {status for status, _ in answers} == {202}
    assert len({answer["id"] for _, answer in answers}) == 1
    assert count_runs(api, released) == before + 1


def test_a_kill_between_effect_and_answer_doubles_no_run(
    api: RunningPlatform, released: str
) -> None:
    path = f"/environments/dev/deployments/{released}/deploy"
    key = {"Idempotency-Key": "killed"}
    _, first = api.ask("POST", path, {"release": 1}, headers=key)
    api.wait_for_run(first["id"])
    count = count_runs(api, released)
    # What a kill right after the run was committed leaves: the run, and no remembered answer.
    with sqlite3.connect(api.home / "fairway.db") as database:
        assert database.execute("DELETE FROM idempotency_keys WHERE key = 'killed'").rowcount == 1
    database.close()
    status, again = api.ask("POST", path, {"release": 1}, headers=key)
    assert (status, again["id"]) == (202, first["id"])
    assert count_runs(api, released) == count


@pytest.mark.parametrize("key", ["", "a b", "k" * 256])
def test_a_key_that_cannot_be_one_is_refused(api: RunningPlatform, key: str) -> None:
    status, problem = api.ask(
        "POST", "/entities", make_body("nokey"), headers={"Idempotency-Key": key}
    )
    assert (status, problem["code"]) == (400, "REQUEST-INVALID")
    assert api.ask("GET", "/entities/system/default/nokey")[0] == 404


def test_a_source_is_stored_once_whatever_the_key(api: RunningPlatform, tmp_path: Path) -> None:
    digest = "sha256:" + "0" * 64
    status, problem = api.ask("PUT", f"/sources/{digest}", {}, headers={"Idempotency-Key": "s"})
    assert (status, problem["code"]) == (422, "BLOB-MISMATCH")
