"""Merging three trees: git's own merge, then the rules of `merge_rule` on what it could not decide.

Belongs here: running git, and writing the tree that comes out. The repository's attributes are
never read, in no version of git, and no merge driver is run: what a repository holds cannot
change how it is merged. Start at `merge_commits`.
"""

import dataclasses
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fairway.core.source.tree import show_path
from fairway.drivers.git import line_ending, merge_output, merge_rule, objects
from fairway.drivers.git.command import run_git
from fairway.drivers.git.merge_output import Stages
from fairway.drivers.git.merge_rule import Plan, Sides
from fairway.ports.source_control import Merge

# The tree without files, which every repository has: attributes are read from there.
_EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_SETTINGS = (
    f"attr.tree={_EMPTY_TREE}",
    f"core.attributesFile={os.devnull}",
    "merge.conflictStyle=merge",
    "merge.directoryRenames=true",
)
_COMMAND = (
    *(part for setting in _SETTINGS for part in ("-c", setting)),
    "merge-tree",
    "--write-tree",
    "-z",
    "--messages",
    "--allow-unrelated-histories",
)
_MOST_CONFLICTS = 127  # what `git merge-file` counts to


@dataclass(frozen=True, slots=True)
class _Repository:
    folder: Path
    environment: Mapping[str, str]

    def run(self, *arguments: str, stdin: bytes = b"", most: int = 0) -> tuple[int, bytes]:
        """Run git; `most` is the highest exit code that is no error."""
        return run_git(
            self.folder,
            *arguments,
            environment=self.environment,
            stdin=stdin,
            accepted=range(most + 1),
        )

    def read_blob(self, id_: str) -> bytes:
        return self.run("cat-file", "blob", id_)[1]


def merge_commits(
    folder: Path, ours: str, theirs: str, *, name: str, environment: Mapping[str, str]
) -> Merge:
    """Merge two commits with one parent in common: the base; `name` is what people call theirs."""
    sides = Sides(ours=ours, theirs=theirs, name=name)
    repository = _Repository(folder, {**environment, "GIT_ATTR_NOSYSTEM": "1"})
    _, output = repository.run(*_COMMAND, sides.ours, sides.theirs, most=1)
    parsed = merge_output.parse_output(output)
    if not parsed.stages and not parsed.messages:
        return Merge(tree=parsed.tree, conflicts=())
    _, listed = repository.run("ls-tree", "-r", "-z", "--full-tree", parsed.tree)
    entries = merge_output.parse_entries(listed)
    plan = merge_rule.make_plan(parsed, entries, sides)
    plan = _finish_texts(repository, plan, sides)
    tree = parsed.tree
    if plan.entries != entries:
        tree = objects.write_entries(folder, plan.entries)
    return Merge(tree=tree, conflicts=plan.conflicts, notes=plan.notes)


def _finish_texts(repository: _Repository, plan: Plan, sides: Sides) -> Plan:
    """Merge anew where only the line endings are in the way, and name the sides in markers."""
    entries = dict(plan.entries)
    resolved = set()
    for path, stages in plan.texts.items():
        code, content = _merge_endings(repository, stages, sides)
        if content is None:
            content = repository.read_blob(entries[path].id)
        elif code == 0:
            resolved.add(show_path(path))
        named = sides.name_markers(content)
        _, id_ = repository.run("hash-object", "-w", "--stdin", stdin=named)
        entries[path] = dataclasses.replace(entries[path], id=id_.decode().strip())
    return plan.with_texts(entries, frozenset(resolved))


def _merge_endings(
    repository: _Repository, stages: Stages, sides: Sides
) -> tuple[int, bytes | None]:
    """Merge a file whose line endings one side changed: how many conflicts, and the content.

    The content is None where both sides end their lines alike.
    """
    contents = [
        repository.read_blob(stages[stage].id) if stage in stages else b"" for stage in (1, 2, 3)
    ]
    ending = line_ending.choose_ending(*contents)
    if ending is None:
        return 0, None
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("base", "ours", "theirs")]
        for path, content in zip(paths, contents, strict=True):
            path.write_bytes(line_ending.with_ending(content, line_ending.LF))
        base, ours, theirs = (str(path) for path in paths)
        names = ("-L", sides.ours, "-L", "base", "-L", sides.theirs)
        command = ("merge-file", "-p", *names, ours, base, theirs)
        code, merged = repository.run(*command, most=_MOST_CONFLICTS)
    return code, line_ending.with_ending(merged, ending)
