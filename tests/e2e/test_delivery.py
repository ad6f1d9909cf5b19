"""A component's way: deploy, change, fail and return, promote, approve, roll back, remove."""

import threading
from pathlib import Path

import pytest

from tests.deadline import wait_until
from tests.running import RunningPlatform, edit, write_tests

pytestmark = pytest.mark.e2e


def deploy(platform: RunningPlatform, service: Path, environment: str = "dev") -> None:
    platform.must("deploy", str(service), "--env", environment)


def test_a_folder_becomes_a_running_service(platform: RunningPlatform, service: Path) -> None:
    outcome = platform.must("deploy", str(service), "--env", "dev")
    assert f"Deployed {service.name} to dev as release 1" in outcome.out
    status, body = platform.fetch(f"{service.name}.dev.localhost")
    assert (status, '"text": "hello"' in body) == (200, True)


def test_the_same_again_changes_nothing(platform: RunningPlatform, service: Path) -> None:
    deploy(platform, service)
    before = platform.get_environment(service.name, "dev")
    outcome = platform.must("deploy", str(service), "--env", "dev")
    assert "nothing to change" in outcome.out
    after = platform.get_environment(service.name, "dev")
    assert after["workload"]["instances"][0]["name"] == before["workload"]["instances"][0]["name"]


def test_a_change_replaces_what_serves(platform: RunningPlatform, service: Path) -> None:
    deploy(platform, service)
    edit(service / "server.py", '"hello"', '"good morning"')
    deploy(platform, service)
    assert "good morning" in platform.fetch(f"{service.name}.dev.localhost")[1]
    assert platform.get_environment(service.name, "dev")["release"]["number"] == 2


def test_a_broken_release_returns_by_itself(platform: RunningPlatform, service: Path) -> None:
    deploy(platform, service)
    edit(service / "server.py", 'TEXT = "hello"', 'raise SystemExit("no text today")')
    outcome = platform.run("deploy", str(service), "--env", "dev")
    assert outcome.code == 1
    said = outcome.out + outcome.err
    assert f"Rolled back {service.name} in dev to release 1: release 2 never became ready" in said
    assert "no text today" in said
    assert platform.fetch(f"{service.name}.dev.localhost")[0] == 200
    status = platform.get_environment(service.name, "dev")
    assert status["release"]["number"] == 1
    assert status["workload"]["phase"] == "ready"


def test_a_broken_first_release_leaves_no_process(platform: RunningPlatform, service: Path) -> None:
    edit(service / "server.py", 'TEXT = "hello"', "raise SystemExit(3)")
    outcome = platform.run("deploy", str(service), "--env", "dev")
    assert outcome.code == 1
    assert platform.get_environment(service.name, "dev")["release"] is None
    again = platform.run("deploy", str(service), "--env", "dev")
    assert again.code == 1


def test_an_artifact_is_promoted_unchanged(platform: RunningPlatform, service: Path) -> None:
    deploy(platform, service)
    platform.must("promote", service.name, "--from", "dev", "--to", "staging")
    releases = [
        platform.get_environment(service.name, name)["release"] for name in ("dev", "staging")
    ]
    assert releases[0] == releases[1]


def test_what_ran_nowhere_is_not_let_into_staging(platform: RunningPlatform, service: Path) -> None:
    outcome = platform.run("deploy", str(service), "--env", "staging")
    assert outcome.code == 1
    assert "ENV-PROMOTION" in outcome.err + outcome.out
    assert platform.get_environment(service.name, "staging")["release"] is None


def test_production_waits_for_somebody_else(platform: RunningPlatform, service: Path) -> None:
    write_tests(service)
    deploy(platform, service)
    platform.must("promote", service.name, "--from", "dev", "--to", "staging")
    platform.must("promote", service.name, "--from", "staging", "--to", "prod", "--detach")
    wait_until(lambda: platform.get_environment(service.name, "prod")["run"]["output"].get("plan"))
    plan = platform.get_environment(service.name, "prod")["run"]["output"]["plan"]
    own = platform.run("approve", plan)
    assert own.code == 77
    assert "is its author" in own.err
    platform.must("user", "add", "carla", "--group", "platform")
    token = platform.must("token", "create", "--user", "carla", "--output", "json").data["token"]
    platform.must("approve", plan, token=token)
    wait_until(lambda: platform.get_environment(service.name, "prod")["release"])
    status = platform.get_environment(service.name, "prod")
    assert status["workload"]["ready"] == 2


def test_production_takes_nothing_untested(platform: RunningPlatform, service: Path) -> None:
    deploy(platform, service)
    platform.must("promote", service.name, "--from", "dev", "--to", "staging")
    outcome = platform.run("promote", service.name, "--from", "staging", "--to", "prod")
    assert outcome.code == 1
    assert "ENV-TESTS" in outcome.out + outcome.err


def test_a_rollback_goes_to_what_was_ready_before(platform: RunningPlatform, service: Path) -> None:
    deploy(platform, service)
    edit(service / "server.py", '"hello"', '"second"')
    deploy(platform, service)
    platform.must("rollback", service.name, "--env", "dev")
    assert '"hello"' in platform.fetch(f"{service.name}.dev.localhost")[1]
    assert platform.run("rollback", service.name, "--env", "dev", "--to", "9").code == 2


def test_a_stale_plan_is_refused_and_says_what_moved(
    platform: RunningPlatform, service: Path
) -> None:
    deploy(platform, service)
    edit(service / "server.py", '"hello"', '"second"')
    platform.run("plan", str(service), "--env", "dev")
    _, plan = platform.ask("POST", f"/environments/dev/deployments/{service.name}/plan", {})
    deploy(platform, service)
    status, problem = platform.ask("POST", f"/plans/{plan['digest']}/apply")
    assert (status, problem["code"]) == (409, "PLAN-STALE")
    assert f"node/dev/workload/{service.name}" in problem["why"]


def test_a_plan_is_applied_exactly(platform: RunningPlatform, service: Path) -> None:
    platform.run("plan", str(service), "--env", "dev")
    _, plan = platform.ask("POST", f"/environments/dev/deployments/{service.name}/plan", {})
    status, run = platform.ask("POST", f"/plans/{plan['digest']}/apply")
    assert status == 202
    ended = platform.wait_for_run(run["id"])
    assert (ended["state"], ended["output"]["plan"]) == ("succeeded", plan["digest"])


def test_two_deploys_at_once_happen_one_after_the_other(
    platform: RunningPlatform, service: Path, tmp_path: Path
) -> None:
    deploy(platform, service)
    threads = []
    for number in range(3):
        edit(service / "server.py", "TEXT =", f"N{number} = {number}\nTEXT =")
        outcome = platform.must("deploy", str(service), "--env", "dev", "--detach")
        threads.append(outcome)
    wait_until(lambda: platform.get_environment(service.name, "dev")["run"] is None, seconds=60)
    _, runs = platform.ask("GET", f"/runs?component={service.name}&environment=dev")
    assert [run["state"] for run in runs["items"]] == ["succeeded"] * 4
    ended = [run["endedAt"] for run in reversed(runs["items"])]
    started = [run["startedAt"] for run in reversed(runs["items"])]
    assert all(end <= start for end, start in zip(ended, started[1:], strict=False))


def test_a_cancelled_rollout_returns(platform: RunningPlatform, service: Path) -> None:
    deploy(platform, service)
    edit(service / "server.py", "Server((", "import time; time.sleep(60)\nServer((")
    platform.must("deploy", str(service), "--env", "dev", "--detach")
    wait_until(lambda: _is_gating(platform, service.name))
    run = platform.get_environment(service.name, "dev")["run"]["id"]
    platform.must("cancel", str(run))
    ended = platform.wait_for_run(run)
    assert ended["state"] == "cancelled"
    assert platform.get_environment(service.name, "dev")["release"]["number"] == 1
    wait_until(
        lambda: platform.get_environment(service.name, "dev")["workload"]["phase"] == "ready"
    )


def _is_gating(platform: RunningPlatform, component: str) -> bool:
    run = platform.get_environment(component, "dev")["run"]
    if run is None:
        return False
    _, whole = platform.ask("GET", f"/runs/{run['id']}")
    return any(step["kind"] == "gate" and step["startedAt"] for step in whole["steps"])


def test_removing_takes_away_what_only_it_used(platform: RunningPlatform, service: Path) -> None:
    deploy(platform, service)
    refused = platform.run("delete", service.name, "--env", "dev")
    assert refused.code == 2
    platform.must("delete", service.name, "--env", "dev", "--yes")
    assert platform.get_environment(service.name, "dev")["release"] is None
    assert platform.fetch(f"{service.name}.dev.localhost")[0] == 404


def test_every_mutation_is_audited(platform: RunningPlatform, service: Path) -> None:
    deploy(platform, service)
    subject = f"deployment/dev/{service.name}"
    _, page = platform.ask("GET", f"/audit?subject={subject}")
    assert [event["type"] for event in page["items"]] == [
        "deployment.started",
        "deployment.released",
    ]
    assert all(event["actor"] for event in page["items"])


def test_logs_can_be_followed_from_a_thread(platform: RunningPlatform, service: Path) -> None:
    deploy(platform, service)
    platform.fetch(f"{service.name}.dev.localhost", "/first")
    outcome = platform.must("logs", service.name, "--env", "dev")
    assert "listening" in outcome.out
    assert "/first" in outcome.out


def test_concurrent_applies_of_one_entity_are_both_kept(platform: RunningPlatform) -> None:
    def apply(number: int) -> None:
        content = (
            "apiVersion: backstage.io/v1alpha1\nkind: System\n"
            f"metadata: {{name: both, description: 'number {number}'}}\nspec: {{owner: shop}}\n"
        )
        status, _ = platform.ask(
            "POST", "/entities", {"files": [{"name": "s.yaml", "content": content}]}
        )
        assert status == 200

    threads = [threading.Thread(target=apply, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    _, history = platform.ask("GET", "/entities/system/default/both/history")
    assert [item["revision"] for item in history["items"]] == list(range(8, 0, -1))
