"""Upgrades on a running platform: seen, offered, landed by command and by git, for one and all."""

from pathlib import Path

import pytest

from tests.deadline import wait_until
from tests.e2e.test_golden_paths import tag, write_path
from tests.e2e.test_push_to_live import git, make_repository, push
from tests.running import RunningPlatform, edit

pytestmark = pytest.mark.e2e
MARKERS = ("<<<<<<<", "=======", ">>>>>>>")


@pytest.fixture(scope="module")
def services(platform: RunningPlatform, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with clones of three services at v1 of a path that has v2.

    `steady` is as it was made, `edited` has changes, `clashing` has one that conflicts.
    """
    folder = tmp_path_factory.mktemp("fleet")
    path = write_path(folder / "fleet")
    make_repository(platform, path)
    push(path)
    tag(path, "v1")
    platform.must("path", "publish", "fleet", "v1")
    for name in ("steady", "edited", "clashing"):
        platform.must("new", "fleet", name, "--owner", "group:platform", "--defaults")
        token = (platform.home / "token").read_text().strip()
        url = f"http://ana:{token}@127.0.0.1:{platform.port}/git/{name}.git"
        git(folder, "clone", "--quiet", url, name)
    edit(folder / "edited" / "server.py", "request_queue_size = 256", "request_queue_size = 128")
    edit(folder / "clashing" / "server.py", '"listening"', '"listening closely"')
    for name in ("edited", "clashing"):
        push(folder / name)
    server = path / "template" / "server.py.jinja"
    edit(server, '"listening"', '"ready at {{ region }}"')
    git(path, "mv", "template/.port.jinja", "template/port.txt.jinja")
    with (path / "copier.yml").open("a") as questions:
        questions.write("region: {type: str, default: north, help: Its place}\n")
    push(path)
    tag(path, "v2")
    platform.must("path", "publish", "fleet", "v2")
    return folder


def read_drift(platform: RunningPlatform, name: str) -> dict[str, object]:
    found = platform.must("path", "drift", "fleet", "--component", name, "--output", "json").data
    (item,) = found["items"]
    return dict(item)


def test_an_upgrade_is_seen_offered_and_landed(platform: RunningPlatform, services: Path) -> None:
    assert read_drift(platform, "edited")["behind"] == ["v2"]
    assert read_drift(platform, "edited")["changed"] == ["server.py"]
    seen = platform.must("path", "upgrade", "edited", "--dry-run", "-v").out
    assert "edited   fleet v1 → v2" in seen
    assert "? region = north   new: Its place" in seen
    assert '+print("ready at north", flush=True)' in seen
    assert "+ port.txt" in seen
    platform.must("watch", "edited")
    said = platform.must("path", "upgrade", "edited", "--set", "region=south").out
    assert "Offered edited the upgrade to v2 on fairway/fleet-v2" in said
    clone = services / "edited"
    git(clone, "fetch", "--quiet")
    text = git(clone, "show", "origin/fairway/fleet-v2:server.py")
    assert "request_queue_size = 128" in text
    assert "ready at south" in text
    assert "Landed fleet v2 in edited" in platform.must("path", "land", "edited").out
    platform.must("watch", "edited")
    assert "ready at south" in platform.must("logs", "edited", "--env", "dev").out
    assert read_drift(platform, "edited")["version"] == "v2"
    assert "up to date" in platform.must("path", "upgrade", "edited").out


def test_all_services_are_upgraded_by_one_run(platform: RunningPlatform, services: Path) -> None:
    outcome = platform.run("path", "upgrade", "--all", "--path", "fleet", "--output", "json")
    results = outcome.data["output"]["results"]
    assert results["steady"]["state"] == "offered"
    assert results["clashing"]["state"] == "conflicted"
    (conflict,) = results["clashing"]["conflicts"]
    assert conflict["path"] == "server.py"
    assert "between markers" in conflict["text"]
    assert outcome.code == 0
    refused = platform.run("path", "land", "clashing")
    assert "UPGRADE-CONFLICTED" in refused.err
    table = platform.must("path", "drift", "fleet").out
    assert "1 version, to v2" in table

    clone = services / "clashing"
    git(clone, "fetch", "--quiet")
    git(clone, "merge", "--quiet", "--ff-only", "origin/fairway/fleet-v2")
    server = clone / "server.py"
    lines = server.read_text().splitlines(keepends=True)
    server.write_text("".join(line for line in lines if not line.startswith(MARKERS)))
    push(clone)
    wait_until(lambda: read_drift(platform, "clashing")["version"] == "v2", seconds=30)


@pytest.mark.usefixtures("services")
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("upgrade", "none"), "PATH-LINK-UNKNOWN"),
        (("upgrade", "steady", "--to", "v9"), "PATH-VERSION-UNKNOWN"),
        (("upgrade", "steady", "--set", "regoin=x"), "PARAMETER-INVALID"),
        (("upgrade", "steady", "--set", "password=x"), "PARAMETER-SECRET"),
        (("upgrade", "--all", "--path", "none"), "PATH-UNKNOWN"),
        (("upgrade", "--all"), "USAGE"),
        (("upgrade",), "USAGE"),
        (("land", "none"), "PATH-LINK-UNKNOWN"),
        (("drift", "none"), "PATH-UNKNOWN"),
    ],
)
def test_what_cannot_be_upgraded_is_refused(
    platform: RunningPlatform, arguments: tuple[str, ...], code: str
) -> None:
    outcome = platform.run("path", *arguments)
    assert outcome.code == 2
    assert code in outcome.err
