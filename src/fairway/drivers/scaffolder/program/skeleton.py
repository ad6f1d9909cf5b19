"""What is wrong with the files that a step fetches, as far as the step names them.

Belongs here: findings on names and texts of files. Never here: findings on template.yaml
(`check`). Start at `check_skeleton`.
"""

from pathlib import Path

from fairway.drivers.scaffolder.action.fetch import Rules, make_rules
from fairway.drivers.scaffolder.action.glob import match_paths
from fairway.drivers.scaffolder.action.task import Inputs, find_source, list_source
from fairway.drivers.scaffolder.action.text import explain
from fairway.drivers.scaffolder.program.finding import Findings
from fairway.drivers.scaffolder.program.source import Source
from fairway.drivers.scaffolder.program.workflow import locate
from fairway.drivers.template.failure import Failure, Place
from fairway.formats.scaffolder.nunjucks import NunjucksError, parse_text
from fairway.formats.scaffolder.template import Step
from fairway.formats.scaffolder.usage import find_usage

_MARKS = ("${{", "{%")
_RENDERING = ("fetch:template", "fetch:template:file")


def check_skeleton(source: Source, step: Step, findings: Findings) -> None:
    """Add what is found in the files that the step fetches; nothing if answers decide on them."""
    url = step.input.get("url")
    at = locate(source.template, (*step.path, "input", "url"))
    if not isinstance(url, str) or any(mark in url for mark in _MARKS):
        return
    try:
        folder = find_source(source.root, url)
        fixed = {
            name: value
            for name, value in step.input.items()
            if not any(mark in str(value) for mark in _MARKS)
        }
        rules = make_rules(Inputs(fixed))
    except Failure as failure:
        failure.at = failure.at if failure.at.file else at
        findings.deny(failure)
        return
    if step.action not in _RENDERING:
        return
    values = step.input.get("values")
    names = frozenset(values) if isinstance(values, dict) else None
    check = _Check(source.root, rules, names, findings)
    if folder.is_file():
        check.check_file(folder)
    else:
        check.check_folder(folder)


class _Check:
    def __init__(
        self, root: Path, rules: Rules, names: frozenset[str] | None, findings: Findings
    ) -> None:
        self._root = root
        self._rules = rules
        self._names = names
        self._findings = findings

    def check_folder(self, folder: Path) -> None:
        paths = list_source(folder)
        copied = match_paths(self._rules.copied, [path.rstrip("/") for path in paths])
        for path in paths:
            is_copied = path.rstrip("/") in copied
            full = folder / path
            at = Place(file=str(full.relative_to(self._root)))
            if not (is_copied and self._rules.is_name_copied):
                self._check_text(path, at)
            is_rendered = path.endswith(self._rules.extension) and not is_copied
            if is_rendered and full.is_file() and not full.is_symlink():
                self.check_file(full)

    def check_file(self, path: Path) -> None:
        content = path.read_bytes()
        at = Place(file=str(path.relative_to(self._root)))
        try:
            text = content.decode()
        except UnicodeDecodeError:
            return
        if "\0" not in text:
            self._check_text(text, at, is_file=True)

    def _check_text(self, text: str, at: Place, *, is_file: bool = False) -> None:
        try:
            usage = find_usage(parse_text(text, self._rules.marks), self._rules.environment)
        except NunjucksError as error:
            self._findings.deny(explain(error, at, is_file=is_file))
            return
        for line, why in usage.problems:
            self._findings.deny(explain(NunjucksError(why, line=line), at, is_file=is_file))
        for (root, *members), line in usage.names.items():
            place = Place(file=at.file, line=line) if is_file else at
            if root != self._rules.root:
                fix = f"read '{self._rules.root}', which has the step's values"
                self._findings.warn_undefined(root, place, fix=fix)
            elif members and self._names is not None and members[0] not in self._names:
                fix = f"give '{members[0]}' among the step's values"
                self._findings.warn_undefined(f"{root}.{members[0]}", place, fix=fix)
