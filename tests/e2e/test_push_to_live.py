"""From a push to what serves: builds, environments in their order, overtaken pushes."""

import subprocess
from pathlib import Path

import pytest

from tests.deadline import wait_until
from tests.running import RunningPlatform, edit, write_tests

pytestmark = pytest.mark.e2e


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [
            "git",
            "-c",
            "user.name=ana",
            "-c",
            "user.email=ana@example.com",
            "-c",
            "init.defaultBranch=main",
            *arguments,
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def make_repository(
    platform: RunningPlatform, folder: Path, *environments: str, owner: str = "group:platform"
) -> None:
    """Host the folder's source under the folder's name."""
    body = {"name": folder.name, "owner": owner, "environments": list(environments)}
    status, _ = platform.ask("POST", "/repositories", body)
    assert status == 201
    token = (platform.home / "token").read_text().strip()
    git(folder, "init", "--quiet")
    url = f"http://ana:{token}@127.0.0.1:{platform.port}/git/{folder.name}.git"
    git(folder, "remote", "add", "origin", url)


def push(folder: Path, branch: str = "main") -> str:
    """Commit all of the folder, push it, return the commit."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "Change")
    git(folder, "push", "--quiet", "origin", f"HEAD:{branch}")
    return git(folder, "rev-parse", "HEAD")


def read_states(platform: RunningPlatform, name: str, commit: str) -> dict[str, str]:
    status, answer = platform.ask("GET", f"/repositories/{name}/statuses/{commit}")
    assert status == 200
    return {item["context"]: item["state"] for item in answer["items"]}


def test_a_push_goes_from_environment_to_environment(
    platform: RunningPlatform, service: Path
) -> None:
    make_repository(platform, service, "dev", "staging")
    commit = push(service)
    outcome = platform.must("watch", service.name)
    assert f"Commit {commit[:7]} done" in outcome.out
    assert read_states(platform, service.name, commit) == {
        "catalog": "success",
        "dev": "success",
        "staging": "success",
    }
    for environment in ("dev", "staging"):
        status, body = platform.fetch(f"{service.name}.{environment}.localhost")
        assert (status, '"text": "hello"' in body) == (200, True)
    release = platform.get_environment(service.name, "staging")["release"]
    assert release["commit"]["id"] == commit


def test_a_failure_stops_a_push_where_it_is(platform: RunningPlatform, service: Path) -> None:
    make_repository(platform, service, "dev", "staging")
    edit(service / "server.py", 'TEXT = "hello"', "raise SystemExit(3)")
    commit = push(service)
    outcome = platform.run("watch", service.name)
    assert outcome.code == 1
    assert read_states(platform, service.name, commit)["dev"] == "failure"
    assert "staging" not in read_states(platform, service.name, commit)
    edit(service / "server.py", "raise SystemExit(3)", 'TEXT = "mended"')
    push(service)
    platform.must("watch", service.name)
    assert "mended" in platform.fetch(f"{service.name}.staging.localhost")[1]


def test_another_branch_is_built_and_tested_only(platform: RunningPlatform, service: Path) -> None:
    make_repository(platform, service, "dev")
    write_tests(service)
    commit = push(service, "topic")
    platform.must("watch", service.name, "--branch", "topic")
    assert read_states(platform, service.name, commit) == {"build": "success"}
    assert platform.ask("GET", f"/components/{service.name}")[0] == 404


def test_pushes_that_come_too_fast_are_passed_over(
    platform: RunningPlatform, service: Path
) -> None:
    make_repository(platform, service, "dev")
    commits = []
    for number in range(6):
        (service / "NOTES").write_text(f"{number}\n")
        commits.append(push(service))
    platform.must("watch", service.name)
    states = [read_states(platform, service.name, commit).get("dev") for commit in commits]
    assert states[0] == "success"
    assert states[-1] == "success"
    assert "superseded" in states
    assert set(states) == {"success", "superseded"}
    release = platform.get_environment(service.name, "dev")["release"]
    assert release["commit"]["id"] == commits[-1]


def test_a_push_outlives_a_kill(platform: RunningPlatform, service: Path) -> None:
    make_repository(platform, service, "dev")
    push(service)
    platform.kill()
    platform.up()
    platform.must("watch", service.name)
    wait_until(lambda: platform.fetch(f"{service.name}.dev.localhost")[0] == 200)


def test_the_status_says_how_far_a_push_is(platform: RunningPlatform, service: Path) -> None:
    make_repository(platform, service, "dev")
    push(service)
    platform.must("watch", service.name)
    assert "main " not in platform.must("status", service.name).out
    edit(service / "server.py", 'TEXT = "hello"', "raise SystemExit(3)")
    commit = push(service)
    assert platform.run("watch", service.name).code == 1
    said = platform.must("status", service.name).out
    assert f"main {commit[:7]}   dev failure: " in said
    assert "ready 1/1" in said


def test_a_push_that_waits_for_approval_holds_up_no_later_one(
    platform: RunningPlatform, service: Path
) -> None:
    write_tests(service)  # prod demands some
    make_repository(platform, service, "dev", "staging", "prod")
    first = push(service)
    wait_until(
        lambda: read_states(platform, service.name, first).get("prod") == "pending", seconds=60
    )

    def is_waiting() -> bool:
        run = platform.get_environment(service.name, "prod")["run"]
        return bool(run and run["state"] == "waiting" and run["output"].get("plan"))

    wait_until(is_waiting, seconds=60)
    edit(service / "server.py", 'TEXT = "hello"', 'TEXT = "later"')
    second = push(service)
    wait_until(
        lambda: read_states(platform, service.name, second).get("staging") == "success", seconds=60
    )
    assert read_states(platform, service.name, first)["prod"] == "pending"
    assert "later" in platform.fetch(f"{service.name}.staging.localhost")[1]
    run = platform.get_environment(service.name, "prod")["run"]["id"]
    platform.must("cancel", str(run))
