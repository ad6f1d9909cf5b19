"""The commands around repositories, and stock git with the platform's token."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.integration.git.client import Client
from tests.running import FAIRWAY, RunningPlatform

pytestmark = pytest.mark.integration


def test_a_repository_is_created_shown_changed_and_deleted(platform: RunningPlatform) -> None:
    made = platform.must("repo", "create", "billing", "--owner", "shop", "--env", "dev")
    assert "fairway clone billing" in made.out
    again = platform.run("repo", "create", "billing", "--owner", "shop")
    assert (again.code, "REPOSITORY-TAKEN" in again.err) == (2, True)
    platform.must("repo", "set", "billing", "--default-branch", "trunk", "--protect", "release/*")
    shown = json.loads(platform.must("repo", "show", "billing", "-o", "json").out)
    assert (shown["defaultBranch"], shown["protected"], shown["environments"]) == (
        "trunk",
        ["release/*"],
        ["dev"],
    )
    assert "billing" in platform.must("repo", "list").out
    kept = platform.run("repo", "delete", "billing")
    assert (kept.code, "YES-NEEDED" in kept.err, "LOSES" in kept.out) == (2, True, True)
    platform.must("repo", "delete", "billing", "--yes")
    assert platform.run("repo", "show", "billing").code == 2
    assert not (platform.home / "repositories" / "billing.git").exists()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("create", "Bad_Name", "--owner", "shop"), "REQUEST-INVALID"),
        (("create", "new", "--owner", "nobody"), "OWNER-UNKNOWN"),
        (("create", "new", "--owner", "shop", "--env", "nowhere"), "ENV-UNKNOWN"),
        (("create", "new", "--owner", "shop", "--default-branch", "a..b"), "REPOSITORY-RULE"),
        (("create", "new", "--owner", "shop", "--default-branch", "-x"), "REPOSITORY-RULE"),
        (("create", "new", "--owner", "shop", "--protect", "a b"), "REPOSITORY-RULE"),
        (("set", "none", "--owner", "shop"), "REPOSITORY-UNKNOWN"),
        (("backup", "none"), "REPOSITORY-UNKNOWN"),
    ],
)
def test_what_cannot_be_is_refused(
    arguments: tuple[str, ...], code: str, platform: RunningPlatform
) -> None:
    outcome = platform.run("repo", *arguments)
    assert f"error {code}:" in outcome.err
    assert platform.ask("GET", "/repositories/new")[0] == 404


def test_a_stranger_changes_and_deletes_nothing(
    platform: RunningPlatform, eve: Client, repository: str
) -> None:
    for arguments in (("set", repository, "--protect", "x"), ("delete", repository, "--yes"),
                      ("backup", repository), ("hook", repository)):  # fmt: skip
        outcome = platform.run("repo", *arguments, token=eve.token)
        assert "error ACCESS-DENIED" in outcome.err
    outcome = platform.run("repo", "create", "mine", "--owner", "shop", token=eve.token)
    assert "error ACCESS-DENIED" in outcome.err


def test_a_backup_is_a_bundle_that_git_clones(
    platform: RunningPlatform, ana: Client, repository: str
) -> None:
    empty = platform.run("repo", "backup", repository)
    assert "REPOSITORY-EMPTY" in empty.err
    ana.clone(repository, "work")
    first = ana.commit("work", a__txt="1")
    ana.must("push", "--quiet", "origin", "HEAD:main", at="work")
    file = json.loads(platform.must("repo", "backup", repository, "-o", "json").out)["file"]
    assert Path(file).stat().st_mode & 0o077 == 0
    ana.must("clone", "--quiet", file, "restored")
    assert ana.must("rev-parse", "HEAD", at="restored").strip() == first


def test_after_a_clone_plain_git_works_without_a_token_in_its_files(
    platform: RunningPlatform, ana: Client, repository: str, tmp_path: Path
) -> None:
    environment = {**platform.environment, **ana.environment, "FAIRWAY_TOKEN": ana.token}
    environment["PATH"] = os.environ["PATH"]

    def run(*command: str | Path, at: Path = tmp_path) -> str:
        done = subprocess.run(
            command, cwd=at, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run(FAIRWAY, "clone", repository, "work")
    work = tmp_path / "work"
    run("git", "commit", "--quiet", "--allow-empty", "-m", "First", at=work)
    run("git", "push", "--quiet", "origin", "HEAD:main", at=work)
    run("git", "fetch", "--quiet", at=work)
    assert ana.token not in (work / ".git" / "config").read_text()
    _, pushes = platform.ask("GET", f"/repositories/{repository}/pushes")
    assert pushes["items"][0]["actor"] == "ana"


def test_the_token_is_told_for_the_platform_only(platform: RunningPlatform) -> None:
    asked = f"protocol=http\nhost=127.0.0.1:{platform.port}\n"
    for question, is_told in ((asked, True), ("protocol=https\nhost=example.com\n", False)):
        done = subprocess.run(
            [FAIRWAY, "git-credential", "get"],
            input=question,
            env=platform.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert ("password=fwy_" in done.stdout) is is_told


def test_a_repository_is_looked_into_over_the_api(
    platform: RunningPlatform, ana: Client, repository: str
) -> None:
    def ask(path: str) -> tuple[int, Any]:
        return platform.ask("GET", f"/repositories/{repository}{path}")

    assert ask("/commits") == (200, {"items": []})
    assert ask("/tree")[0] == 404
    ana.clone(repository, "work")
    (ana.folder / "work" / "src").mkdir()
    (ana.folder / "work" / "src" / "a.bin").write_bytes(b"\xff\x00")
    (ana.folder / "work" / "link").symlink_to("src")
    first = ana.commit("work", "First", README__md="one\n")
    ana.must("push", "--quiet", "origin", "HEAD:main", at="work")
    for ref in ("", "ref=main", f"ref={first}", f"ref={first[:8]}"):
        _, tree = ask(f"/tree?{ref}")
        assert [(item["name"], item["type"]) for item in tree["items"]] == [
            ("README.md", "file"),
            ("link", "link"),
            ("src", "folder"),
        ]
    assert ask("/file?path=README.md")[1]["content"] == "one\n"
    assert ask("/file?path=src/a.bin")[1] == {
        "path": "src/a.bin", "mode": "100644", "encoding": "base64", "content": "/wA=",
    }  # fmt: skip
    for path in ("../config", "/etc/passwd", "src", "none", "-", ":(glob)**"):
        assert ask(f"/file?path={path}")[0] == 404
    assert ask("/tree?ref=none")[0] == 404
    assert ask("/tree?path=none")[0] == 404
    assert ask("/commits")[1]["items"][0]["id"] == first
    assert ask(f"/statuses/{first}")[0] == 200
