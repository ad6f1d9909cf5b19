"""Carries histories through `copier update`, as its users do, and tells what became of them.

A process of its own, for Copier changes that of whoever imports it:
`python -m tests.integration.upgrade.copier_run` prints, as JSON, how many of the user's lines were
lost by history, and -1 where Copier gave up with an error. `--losing` takes only those histories
in which it did either when all were run last; `--write` keeps the answer in `copier_results.json`,
and writes the table of the documentation.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import copier

from fairway.core.source.tree import Tree, TreeFile
from tests.integration.upgrade import table
from tests.integration.upgrade.histories import ALL
from tests.integration.upgrade.history import History, count_lost_lines

SETTINGS = "_subdirectory: template\n_preserve_symlinks: true\n"
ANSWERS = "template/{{_copier_conf.answers_file}}.jinja"
COMMAND = Path(sys.executable).with_name("copier")
_GIT = ("git", "-c", "user.name=ana", "-c", "user.email=ana@localhost", "-c", "gc.auto=0")


def main(*options: str) -> None:
    """Print the result of every history, or of those that the options choose."""
    chosen = ALL
    if "--losing" in options:
        chosen = tuple(history for history in ALL if table.read_results()[history.name])
    lost: dict[str, int] = {}
    for history in chosen:
        with tempfile.TemporaryDirectory() as folder:
            lost[history.name] = _carry(history, Path(folder))
    json.dump(lost, sys.stdout)
    if "--write" in options:
        table.write_results(lost)


def _carry(history: History, folder: Path) -> int:
    template, project = folder / "template", folder / "project"
    for version, tree in (("v1", history.before), ("v2", history.theirs)):
        publish(template, tree, version)
    copier.run_copy(str(template), project, vcs_ref="v1", defaults=True, quiet=True)
    write_tree(project, history.ours, kept=(".git", ".copier-answers.yml"))
    commit(project, "mine")
    try:
        copier.run_update(
            project, defaults=True, overwrite=True, quiet=True, conflict="inline", vcs_ref="v2"
        )
    except Exception as error:  # noqa: BLE001 - whatever ends it, the user is left with it
        print(f"{history.name}: {type(error).__name__}: {error}", file=sys.stderr)
        return -1
    return count_lost_lines(history.before, history.ours, read_tree(project))


def publish(template: Path, tree: Tree, version: str) -> None:
    """Commit the files as a version of a Copier template."""
    rendered = {f"template/{path}": file for path, file in tree.items()}
    about = {
        "copier.yml": TreeFile(SETTINGS.encode()),
        ANSWERS: TreeFile(b"{{ _copier_answers|to_nice_yaml }}"),
    }
    write_tree(template, {**rendered, **about}, kept=(".git",))
    commit(template, version)
    tag(template, version)


def tag(folder: Path, name: str) -> None:
    """Name the commit that is there."""
    subprocess.run([*_GIT, "tag", name], cwd=folder, check=True)


def commit(folder: Path, message: str) -> None:
    """Commit all that is in the folder."""
    if not (folder / ".git").exists():
        subprocess.run([*_GIT, "init", "--quiet"], cwd=folder, check=True)
    subprocess.run([*_GIT, "add", "--all", "--force"], cwd=folder, check=True)
    command = [*_GIT, "commit", "--quiet", "--allow-empty", "-m", message]
    subprocess.run(command, cwd=folder, check=True)


def write_tree(folder: Path, tree: Tree, *, kept: tuple[str, ...] = ()) -> None:
    """Have the files in the folder, and of what was there only what is `kept`."""
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        if path.name not in kept:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    for name, file in tree.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if file.mode == "120000":
            path.symlink_to(file.content.decode())
        else:
            path.write_bytes(file.content)
            path.chmod(0o755 if file.mode == "100755" else 0o644)


def read_tree(folder: Path) -> Tree:
    """Return the files of a work tree, without git's own."""
    found: dict[str, TreeFile] = {}
    for path in folder.rglob("*"):
        name = str(path.relative_to(folder))
        if name.startswith(".git/"):
            continue
        if path.is_symlink():
            found[name] = TreeFile(str(path.readlink()).encode(), "120000")
        elif path.is_file():
            found[name] = TreeFile(path.read_bytes())
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
