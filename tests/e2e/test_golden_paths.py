"""A golden path's life: published, checked, used, used wrongly, adopted, proven."""

import json
import threading
from pathlib import Path

import pytest

from tests.e2e.test_push_to_live import git, make_repository, push
from tests.running import SCORE, SERVER, RunningPlatform, edit, write_service

pytestmark = pytest.mark.e2e

PATH_FILE = """apiVersion: fairway.dev/v1
kind: GoldenPath
metadata: {name: NAME, title: A small service}
spec:
  owner: group:platform
  lifecycle: production
  environments: [dev]
  requires: {resourceTypes: [route]}
  parameters:
    properties:
      greeting: {maxLength: 20}
  examples:
    - name: plain
    - name: loud
      answers: {greeting: HELLO}
"""
QUESTIONS = """_subdirectory: template
name: {type: str, help: Name}
owner: {type: str, help: Owner}
greeting: {type: str, default: hello, help: Words}
port: {type: int, default: 8080}
password: {type: str, secret: true, default: none}
"""
CATALOG = """apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: "{{ name }}"}
spec: {type: service, lifecycle: experimental, owner: "{{ owner }}"}
"""


def write_path(folder: Path) -> Path:
    """Write the template of a golden path named after the folder."""
    template = folder / "template"
    template.mkdir(parents=True)
    (folder / "golden-path.yaml").write_text(PATH_FILE.replace("NAME", folder.name))
    (folder / "copier.yml").write_text(QUESTIONS)
    (folder / "CHANGELOG.md").write_text("# Changelog\n\n## v1\n\nThe first.\n")
    (template / "score.yaml.jinja").write_text(SCORE.replace("NAME", "{{ name }}"))
    (template / "catalog-info.yaml.jinja").write_text(CATALOG)
    (template / "server.py.jinja").write_text(SERVER.replace('"hello"', '"{{ greeting }}"'))
    (template / ".port.jinja").write_text("{{ port }} {{ password | length }}\n")
    return folder


def tag(folder: Path, version: str) -> None:
    git(folder, "tag", "--force", version)
    git(folder, "push", "--quiet", "--force", "origin", version)


@pytest.fixture(scope="module")
def path(platform: RunningPlatform, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published golden path and the clone of its repository."""
    folder = write_path(tmp_path_factory.mktemp("paths") / "small")
    make_repository(platform, folder)
    push(folder)
    tag(folder, "v1")
    platform.must("path", "publish", "small", "v1")
    return folder


def list_names(platform: RunningPlatform) -> set[str]:
    _, found = platform.ask("GET", "/repositories")
    return {item["name"] for item in found["items"]}


def test_a_service_is_made_and_goes_live(platform: RunningPlatform, path: Path) -> None:
    arguments = ("new", path.name, "barks", "--owner", "group:platform", "--set", "greeting=woof")
    planned = platform.must(*arguments, "--dry-run", "--output", "json").data
    assert [item["path"] for item in planned["files"]] == [
        ".port",
        "catalog-info.yaml",
        "score.yaml",
        "server.py",
    ]
    assert "barks" not in list_names(platform)
    made = platform.must(*arguments, "--output", "json").data
    assert made["files"] == planned["files"]
    platform.must("watch", "barks")
    assert '"text": "woof"' in platform.fetch("barks.dev.localhost")[1]
    assert "path small v1" in platform.must("status", "barks").out
    assert platform.must("path", "show", "small", "--output", "json").data["services"] >= 1
    entity = platform.must("get", "component", "barks", "--output", "json").data
    assert entity["metadata"]["annotations"]["fairway.dev/repository"] == "barks"


def test_a_secret_answer_is_kept_nowhere(platform: RunningPlatform, path: Path) -> None:
    secret = "swordfish-7"
    arguments = ("--owner", "group:platform", "--set", f"password={secret}")
    made = platform.must("new", path.name, "keeps-quiet", *arguments, "--output", "json")
    assert secret not in made.out
    assert "password" not in made.data["answers"]
    for file in platform.home.glob("fairway.db*"):
        assert secret.encode() not in file.read_bytes()


@pytest.mark.parametrize(
    ("name", "owner", "more", "code", "said"),
    [
        ("none", "platform", "", "PATH-UNKNOWN", "'none'"),
        ("small", "nobody", "", "OWNER-UNKNOWN", "group:default/nobody"),
        ("small", "platform", "--version v9", "PATH-VERSION-UNKNOWN", "v1"),
        ("small", "platform", "--set port=many", "PARAMETER-INVALID", "port"),
        ("small", "platform", "--set prot=1", "PARAMETER-INVALID", "port"),
        ("small", "platform", f"--set greeting={'a' * 21}", "PARAMETER-INVALID", "greeting"),
    ],
)
def test_a_wrong_wish_is_refused_and_changes_nothing(
    platform: RunningPlatform, path: Path, name: str, owner: str, *, more: str, code: str, said: str
) -> None:
    assert path.is_dir()
    outcome = platform.run("new", name, "x", "--owner", f"group:{owner}", *more.split())
    assert outcome.code == 2
    assert code in outcome.err
    assert said in outcome.err
    assert "fix:" in outcome.err
    assert "x" not in list_names(platform)
    assert platform.ask("GET", "/entities/component/default/x")[0] == 404


def test_nobody_makes_a_service_for_a_group_of_others(
    platform: RunningPlatform, path: Path
) -> None:
    platform.must("user", "add", "eve")
    token = platform.must("token", "create", "--user", "eve").out.strip()
    outcome = platform.run("new", path.name, "theirs", "--owner", "group:platform", token=token)
    assert outcome.code == 77
    assert "ACCESS-DENIED" in outcome.err
    assert "theirs" not in list_names(platform)
    platform.must("new", path.name, "her-own", "--owner", "user:eve", token=token)


def test_of_two_creations_at_once_one_succeeds(platform: RunningPlatform, path: Path) -> None:
    codes: list[int] = []

    def make() -> None:
        outcome = platform.run("new", path.name, "twins", "--owner", "group:platform")
        codes.append(outcome.code)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [0, 2, 2, 2]
    again = platform.run("new", path.name, "twins", "--owner", "group:platform")
    assert "NAME-TAKEN" in again.err
    platform.must("watch", "twins")


def test_a_tag_that_moved_is_refused(platform: RunningPlatform, tmp_path: Path) -> None:
    folder = write_path(tmp_path / "moving")
    make_repository(platform, folder)
    push(folder)
    tag(folder, "v1")
    first = platform.must("path", "publish", "moving", "v1", "--output", "json").data
    again = platform.must("path", "publish", "moving", "v1", "--output", "json").data
    assert again == first
    edit(folder / "CHANGELOG.md", "The first.", "Another first.")
    push(folder)
    git(folder, "tag", "--force", "v1")
    with pytest.raises(AssertionError, match="v1"):
        git(folder, "push", "--quiet", "--force", "origin", "v1")


def test_a_template_is_checked_before_it_is_published(
    platform: RunningPlatform, tmp_path: Path
) -> None:
    folder = write_path(tmp_path / "unwell")
    platform.must("path", "lint", str(folder))
    (folder / "template" / "more.txt.jinja").write_text("{{ nobody_asks_for_this }}\n")
    outcome = platform.run("path", "lint", str(folder))
    assert outcome.code == 65
    assert "nobody_asks_for_this" in outcome.out
    assert "template/more.txt.jinja" in outcome.out


def test_every_example_is_built_deployed_and_removed(platform: RunningPlatform, path: Path) -> None:
    outcome = platform.must("path", "test", str(path), "--output", "json")
    assert outcome.data["state"] == "succeeded"
    _, environments = platform.ask("GET", "/entities?kind=environment")
    names = {item["entity"]["metadata"]["name"] for item in environments["items"]}
    assert not any(name.startswith("path-test") for name in names)
    assert platform.ask("GET", "/entities/component/default/small-plain")[0] == 404


def test_a_test_runs_nothing_where_an_approval_is_needed(
    platform: RunningPlatform, path: Path
) -> None:
    outcome = platform.run("path", "test", path.name, "--like", "prod")
    assert outcome.code == 2
    assert "PATH-STAGE" in outcome.err


def test_an_example_that_fails_fails_the_test_and_leaves_nothing(
    platform: RunningPlatform, tmp_path: Path
) -> None:
    folder = write_path(tmp_path / "failing")
    edit(folder / "template" / "server.py.jinja", "TEXT = ", "import nothing_like_it\nTEXT = ")
    outcome = platform.run("path", "test", str(folder))
    assert outcome.code == 1
    assert "PATH-EXAMPLE" in outcome.err + outcome.out
    _, environments = platform.ask("GET", "/entities?kind=environment")
    assert "path-test" not in json.dumps(environments)


def test_a_service_that_is_there_is_adopted(
    platform: RunningPlatform, path: Path, tmp_path: Path
) -> None:
    folder = write_service(tmp_path / "older", "older")
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "As it was")
    platform.must(
        "new", path.name, "--from", str(folder), "--owner", "group:platform", "--defaults"
    )
    platform.must("watch", "older")
    assert "path small v1" in platform.must("status", "older").out
    again = platform.run("new", path.name, "--from", str(folder), "--owner", "group:platform")
    assert again.code == 2
