"""What is refused before a ref moves, and what is noted once it has."""

import subprocess
import sys
from pathlib import Path

import pytest

from fairway.drivers.git import hook
from tests.integration.git.client import Client
from tests.running import SCORE, RunningPlatform

pytestmark = pytest.mark.integration


@pytest.fixture
def work(ana: Client, repository: str) -> str:
    """Return a clone whose branch main was pushed once."""
    ana.clone(repository, "work")
    ana.commit("work", "First", a__txt="1")
    ana.must("push", "--quiet", "origin", "HEAD:main", at="work")
    return "work"


def read_heads(client: Client, repository: str) -> dict[str, str]:
    lines = client.must("ls-remote", client.url(repository)).splitlines()
    return {name: id_ for id_, name in (line.split("\t") for line in lines)}


@pytest.mark.parametrize("branch", ["main", "release/1"])
def test_a_protected_branch_is_neither_rewritten_nor_deleted(
    branch: str, ana: Client, work: str, repository: str
) -> None:
    ana.must("push", "--quiet", "origin", f"HEAD:{branch}", at=work)
    ana.must("commit", "--quiet", "--amend", "-m", "Rewritten", at=work)
    before = read_heads(ana, repository)
    rewrite = ana.run("push", "--force", "origin", f"HEAD:{branch}", at=work)
    assert f"remote: error: branch '{branch}' is protected and cannot be rewritten" in rewrite.err
    assert f"git pull --rebase origin {branch}" in rewrite.err
    deletion = ana.run("push", "origin", f":{branch}", at=work)
    assert f"branch '{branch}' is protected and cannot be deleted" in deletion.err
    assert read_heads(ana, repository) == before


def test_another_branch_may_be_rewritten_and_deleted(
    ana: Client, work: str, repository: str
) -> None:
    ana.must("push", "--quiet", "origin", "HEAD:topic", at=work)
    ana.must("commit", "--quiet", "--amend", "-m", "Rewritten", at=work)
    ana.must("push", "--quiet", "--force", "origin", "HEAD:topic", at=work)
    ana.must("push", "--quiet", "origin", ":topic", at=work)
    assert "refs/heads/topic" not in read_heads(ana, repository)


def test_broken_documents_are_refused_at_their_lines_on_the_default_branch_only(
    ana: Client, work: str, repository: str
) -> None:
    ana.commit(
        work,
        score__yaml=SCORE.replace("NAME", "orders").replace("httpGet: {", "httpGet: {pth: x, "),
    )
    before = read_heads(ana, repository)
    refused = ana.run("push", "origin", "HEAD:main", at=work)
    assert refused.code == 1
    assert "remote: error: score.yaml:7:32: cannot read workload 'orders'" in refused.err
    assert "remote:   fix: " in refused.err
    assert read_heads(ana, repository) == before
    ana.must("push", "--quiet", "origin", "HEAD:topic", at=work)
    ana.commit(work, score__yaml=SCORE.replace("NAME", "orders"))
    ana.must("push", "--quiet", "origin", "HEAD:main", at=work)


def test_a_broken_catalog_file_is_refused_too(ana: Client, work: str) -> None:
    ana.commit(
        work, **{"catalog-info__yaml": "apiVersion: backstage.io/v1alpha1\nkind: Component\n"}
    )
    refused = ana.run("push", "origin", "HEAD:main", at=work)
    assert "remote: error: catalog-info.yaml:1:1" in refused.err


def test_a_document_that_is_a_link_is_refused(ana: Client, work: str) -> None:
    (ana.folder / work / "score.yaml").symlink_to("/etc/passwd")
    ana.commit(work)
    refused = ana.run("push", "origin", "HEAD:main", at=work)
    assert "score.yaml: it is a symbolic link" in refused.err


def test_an_atomic_push_with_one_bad_ref_changes_nothing(
    ana: Client, work: str, repository: str
) -> None:
    ana.must("commit", "--quiet", "--amend", "-m", "Rewritten", at=work)
    before = read_heads(ana, repository)
    for options in (["--atomic"], []):
        refused = ana.run(
            "push", "--force", *options, "origin", "HEAD:good", "HEAD:main", "HEAD:refs/tags/t",
            at=work,
        )  # fmt: skip
        assert refused.code == 1
        assert read_heads(ana, repository) == before
    ana.must("push", "--quiet", "--atomic", "origin", "HEAD:good", "HEAD:refs/tags/t", at=work)
    assert {"refs/heads/good", "refs/tags/t"} <= set(read_heads(ana, repository))


def test_only_branches_and_tags_are_taken(ana: Client, work: str) -> None:
    refused = ana.run("push", "origin", "HEAD:refs/fairway/origin/heads/main", at=work)
    assert refused.code == 1
    refused = ana.run("push", "origin", "HEAD:refs/meta/config", at=work)
    assert "is neither a branch nor a tag" in refused.err


def test_a_push_is_noted_as_row_and_audit_event(
    ana: Client, work: str, repository: str, platform: RunningPlatform
) -> None:
    second = ana.commit(work, "Second", a__txt="2")
    ana.must("tag", "v1", at=work)
    ana.must("push", "--quiet", "origin", "HEAD:main", "v1", at=work)
    _, pushes = platform.ask("GET", f"/repositories/{repository}/pushes")
    first = pushes["items"][1]["after"]
    told = [(push["branch"], push["before"], push["after"], push["actor"])
            for push in pushes["items"]]  # fmt: skip
    assert told == [("main", first, second, "ana"), ("main", "", first, "ana")]
    _, events = platform.ask("GET", "/audit?limit=1000")
    subjects = [
        (event["subject"], event["actor"])
        for event in events["items"]
        if event["type"] == "push.received"
        and event["subject"].startswith(f"repository/{repository}/")
    ]
    main, tag = f"repository/{repository}/refs/heads/main", f"repository/{repository}/refs/tags/v1"
    assert sorted(subjects) == [(main, "ana"), (main, "ana"), (tag, "ana")]


def test_a_push_that_leaves_the_default_branch_out_is_told_so(ana: Client, repository: str) -> None:
    ana.clone(repository, "work")
    ana.commit("work", a__txt="1")
    outcome = ana.run("push", "origin", "HEAD:master", at="work")
    assert outcome.code == 0
    assert "the default branch is 'main', which is not there yet" in outcome.err


@pytest.mark.parametrize(("stage", "code"), [("pre-receive", 1), ("post-receive", 0)])
def test_without_a_control_plane_the_hook_lets_nothing_through(
    stage: str, code: int, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", hook.__file__, stage],
        input=f"{'0' * 40} {'a' * 40} refs/heads/main\n",
        env={
            "FAIRWAY_HOOK_SOCKET": f"{tmp_path}/socket",
            "FAIRWAY_REPOSITORY": "orders",
            "REMOTE_USER": "ana",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code
    assert "the platform did not answer" in done.stderr
