"""A folder of source before it is sent."""

import subprocess
from pathlib import Path

import pytest

from fairway.cli import source
from fairway.kits.errors import InvalidDocuments, Refused

SCORE = """\
apiVersion: score.dev/v1b1
metadata: {name: orders}
containers:
  main: {image: .}
"""
CATALOG = """\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: orders}
spec: {type: service, lifecycle: production, owner: shop}
"""


def test_the_component_is_the_workloads_name(tmp_path: Path) -> None:
    (tmp_path / "score.yaml").write_text(SCORE)
    (tmp_path / "catalog-info.yaml").write_text(CATALOG)
    checked = source.check_folder(tmp_path)
    assert (checked.component, checked.files) == ("orders", ("score.yaml", "catalog-info.yaml"))


@pytest.mark.parametrize("content", [None, "", "# nothing\n"])
def test_a_folder_without_a_workload_is_refused(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "score.yaml").write_text(content)
    with pytest.raises(Refused) as refused:
        source.check_folder(tmp_path)
    assert refused.value.code == "SCORE-MISSING"


def test_the_problems_of_both_files_are_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "score.yaml").write_text(SCORE.replace("containers", "container"))
    (tmp_path / "catalog-info.yaml").write_text(CATALOG.replace("owner: shop", "owner: 5"))
    with pytest.raises(InvalidDocuments) as refused:
        source.check_folder(tmp_path)
    assert {problem.code for problem in refused.value.problems} == {
        "SCORE-INVALID",
        "ENTITY-INVALID",
    }
    assert all(problem.at is not None for problem in refused.value.problems)


def test_a_folder_without_git_has_no_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert source.describe_commit(tmp_path) == {"id": "-", "subject": "", "isDirty": False}


def test_git_tells_commit_subject_and_changes(tmp_path: Path) -> None:
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    (tmp_path / "a").write_text("1")
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "a"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "Add a\n\nAnd why."], check=True)
    clean = source.describe_commit(tmp_path)
    assert (clean["subject"], clean["isDirty"]) == ("Add a", False)
    assert len(str(clean["id"])) == 40
    (tmp_path / "a").write_text("2")
    assert source.describe_commit(tmp_path) == {**clean, "isDirty": True}
