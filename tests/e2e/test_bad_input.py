"""What is wrong with documents and requests is said with a fix, and nothing is changed."""

import http.client
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.running import SCORE, RunningPlatform, edit, write_service

pytestmark = pytest.mark.e2e

SYSTEM = """apiVersion: backstage.io/v1alpha1
kind: System
metadata: {name: fine}
spec: {owner: shop}
"""
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
COMPONENT = """apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: NAME}
spec: {type: service, lifecycle: production, owner: nobody-knows}
"""
MISSPELT = """apiVersion: fairway.dev/v1
kind: Target
metadata: {name: t}
spec: {driver: process, konfig: {}}
"""
CYCLE = """  www: {type: route, params: {port: 80, host: '${resources.name.host}'}}
  name: {type: dns, params: {host: '${resources.www.host}'}}"""
DOCUMENTS = {
    "broken": ("kind: [System\n", "YAML-"),
    "twice": (SYSTEM + "kind: Domain\n", "YAML-DUPLICATE"),
    "bomb": (BOMB, "YAML-"),
    "large": (SYSTEM + f"x: {'y' * 10 * 1024**2}\n", "YAML-TOO-LARGE"),
    "kind": (SYSTEM.replace("System", "Sistem"), ""),
    "field": (
        MISSPELT,
        "",
    ),
    "name": (SYSTEM.replace("fine", "n" * 64), ""),
}


@pytest.fixture
def unchanged(platform: RunningPlatform) -> Iterator[None]:
    """Holds that a test changes nothing."""
    before = read_all(platform)
    yield
    assert read_all(platform) == before


def read_all(platform: RunningPlatform) -> tuple[Any, Any, Any]:
    _, page = platform.ask("GET", "/entities?limit=1000")
    _, audit = platform.ask("GET", "/audit?limit=1000")
    _, runs = platform.ask("GET", "/runs?limit=500")
    return (
        [(item["ref"], item["revision"]) for item in page["items"]],
        audit["items"][-1:],
        [run["id"] for run in runs["items"]],
    )


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_that_is_wrong_is_refused_with_its_place(
    name: str, platform: RunningPlatform, tmp_path: Path
) -> None:
    content, code = DOCUMENTS[name]
    (tmp_path / "fine.yaml").write_text(SYSTEM)
    (tmp_path / "wrong.yaml").write_text(content)
    applied = platform.run("apply", "-f", str(tmp_path))
    assert applied.code == 65, applied
    assert f"error {code}" in applied.err
    assert "wrong.yaml" in applied.err
    assert "fix: " in applied.err
    checked = platform.run("check", str(tmp_path))
    assert checked.code == 65, checked
    assert code in checked.out + checked.err
    assert "wrong.yaml" in checked.out + checked.err


@pytest.mark.usefixtures("unchanged")
def test_documents_are_applied_all_or_none(platform: RunningPlatform, tmp_path: Path) -> None:
    target = (
        "apiVersion: fairway.dev/v1\nkind: Environment\nmetadata: {name: lost}\n"
        "spec: {type: development, target: nowhere}\n"
    )
    (tmp_path / "all.yaml").write_text(f"{SYSTEM}---\n{target}")
    outcome = platform.run("apply", "-f", str(tmp_path / "all.yaml"))
    assert outcome.code in (2, 65)
    assert "nowhere" in outcome.err
    assert "fix: " in outcome.err


@pytest.mark.usefixtures("unchanged")
def test_two_equally_specific_provisioners_are_refused_and_both_named(
    platform: RunningPlatform, tmp_path: Path
) -> None:
    text = "---\n".join(
        f"apiVersion: fairway.dev/v1\nkind: Provisioner\nmetadata: {{name: {name}}}\n"
        "spec: {type: volume, match: {environment: dev}, driver: process-volume}\n"
        for name in ("volume-one", "volume-two")
    )
    (tmp_path / "tie.yaml").write_text(text)
    outcome = platform.run("apply", "-f", str(tmp_path / "tie.yaml"))
    assert outcome.code in (2, 65)
    assert "volume-one" in outcome.err
    assert "volume-two" in outcome.err


def test_an_unknown_owner_is_a_warning(platform: RunningPlatform, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(COMPONENT.replace("NAME", "orphan"))
    checked = platform.run("check", str(tmp_path))
    assert checked.code == 0
    assert "nobody-knows" in checked.out + checked.err
    assert "warn" in checked.out + checked.err
    platform.must("apply", "-f", str(tmp_path / "c.yaml"))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            "    command:",
            "    variables: {URL: '${resources.www.nothing}'}\n    command:",
            "nothing",
        ),
        (
            "  www: {type: route, params: {port: 80}}",
            CYCLE,
            "SCORE-RESOURCE-CYCLE",
        ),
        ("{port: 80, targetPort: 8080}", "{port: 80, targetPrt: 8080}", "targetPrt"),
        ("metadata: {name: ", "metadata: {name: " + "n" * 60, "63"),
        ("type: route", "type: rout", "rout"),
        (
            "www: {port: 80, targetPort: 8080}",
            "www: {port: 80, targetPort: 8080}, two: {port: 80, targetPort: 9090}",
            "80",
        ),
    ],
    ids=["output", "cycle", "field", "name", "type", "port"],
)
def test_a_workload_that_is_wrong_is_not_deployed(
    platform: RunningPlatform, service: Path, before: str, after: str, said: str
) -> None:
    edit(service / "score.yaml", before, after)
    outcome = platform.run("deploy", str(service), "--env", "dev")
    assert outcome.code != 0
    assert said in outcome.out + outcome.err
    assert "fix: " in outcome.out + outcome.err
    status, found = platform.ask("GET", f"/components/{service.name}")
    assert status == 404 or all(item["release"] is None for item in found["environments"])


def test_of_many_who_change_the_same_revision_one_wins(platform: RunningPlatform) -> None:
    def put(text: str, revision: int) -> tuple[int, Any]:
        content = SYSTEM.replace("fine", "contested").replace("{owner: shop}", f"{{owner: {text}}}")
        expected = {"system:default/contested": revision}
        body = {"files": [{"name": "s.yaml", "content": content}], "expected": expected}
        return platform.ask("POST", "/entities", body)

    assert put("first", revision=0)[0] == 200
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: put(f"team-{n}", revision=1), range(8)))
    assert sorted(status for status, _ in answers) == [200] + [412] * 7
    assert {body["code"] for status, body in answers if status == 412} == {"REVISION-MOVED"}
    _, history = platform.ask("GET", "/entities/system/default/contested/history")
    assert [item["revision"] for item in history["items"]] == [2, 1]


@pytest.mark.usefixtures("unchanged")
def test_a_wrong_token_is_told_and_changes_nothing(
    platform: RunningPlatform, service: Path
) -> None:
    for arguments in (["status"], ["deploy", str(service), "--env", "dev"], ["down"]):
        outcome = platform.run(*arguments, token="fwy_wrong")
        assert outcome.code == 77, arguments
        assert "fix: " in outcome.err
    assert platform.ask("GET", "/healthz", token="")[0] == 200


def test_an_unknown_name_below_localhost_says_which_are_known(platform: RunningPlatform) -> None:
    status, text = platform.fetch("nobody.dev.localhost")
    assert status == 404
    assert "nobody.dev.localhost" in text


@pytest.mark.usefixtures("unchanged")
def test_an_unknown_environment_is_named(platform: RunningPlatform, service: Path) -> None:
    outcome = platform.run("deploy", str(service), "--env", "prdo")
    assert outcome.code == 2
    assert "'dev'" in outcome.err
    assert "fix: " in outcome.err


def test_a_request_that_is_cut_off_changes_nothing(platform: RunningPlatform) -> None:
    before = read_all(platform)
    token = (platform.home / "token").read_text().strip()
    connection = http.client.HTTPConnection("127.0.0.1", platform.port, timeout=10)
    connection.putrequest("POST", "/api/v1/entities")
    connection.putheader("Authorization", f"Bearer {token}")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", "100000")
    connection.endheaders(json.dumps({"files": [{"name": "x", "content": SYSTEM}]}).encode())
    connection.close()
    assert platform.ask("GET", "/whoami")[0] == 200
    assert read_all(platform) == before


def test_a_service_that_clashes_with_a_port_of_its_own_is_told(
    platform: RunningPlatform, tmp_path: Path
) -> None:
    """A program that listens where it was not told to never becomes ready."""
    score = SCORE.replace("    readinessProbe", "    variables: {FIXED: '1'}\n    readinessProbe")
    service = write_service(tmp_path / "clash", "clash", score=score)
    edit(service / "server.py", 'int(os.environ["PORT"])', str(platform.port))
    outcome = platform.run("deploy", str(service), "--env", "dev")
    assert outcome.code == 1
    assert "Address already in use" in outcome.out + outcome.err
    assert platform.ask("GET", "/whoami")[0] == 200
