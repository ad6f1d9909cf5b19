"""What is wrong with a template, found without rendering it.

Belongs here: findings on a whole template. Never here: single texts (`source`).
Start at `check_template`.
"""

import re
from collections.abc import Iterator, Mapping, Set
from pathlib import Path
from typing import Any

from jinja2 import TemplateSyntaxError
from jinja2.sandbox import SandboxedEnvironment
from pathspec import PathSpec

from fairway.drivers.copier.program import question as questions
from fairway.drivers.copier.program.cause import explain
from fairway.drivers.copier.program.source import Source, parse_source
from fairway.drivers.copier.program.template import (
    Template,
    read_template,
)
from fairway.drivers.copier.program.worker import check_path, make_worker
from fairway.drivers.template.failure import Failure, Place
from fairway.drivers.template.source import check_source, list_paths

_NEVER_RUN = {
    "tasks": "its tasks never run here",
    "migrations": "its migrations never run here",
    "external_data": "data from outside the template is always empty here",
}
# Copier itself says these on a terminal, where it knows more.
_MESSAGES = frozenset(
    f"message_{when}_{what}" for when in ("before", "after") for what in ("copy", "update")
)
_NEVER_RENDERED = frozenset({*_NEVER_RUN, *_MESSAGES, "envops", "jinja_extensions"})
_ALWAYS_KNOWN = frozenset(
    {"_copier_answers", "_copier_conf", "_copier_phase", "_folder_name", "_external_data"}
)
_CONFIG_KNOWN = frozenset({"_copier_operation", "UNSET"})
_MAX_TEXT_BYTES = 2**20


def check_template(root: Path) -> list[dict[str, str]]:
    """Return findings as JSON, sorted by place."""
    found: list[dict[str, str]] = []
    for path in list_paths(root):
        try:
            check_source(root, path)
        except Failure as failure:
            found.append(_deny(failure))
    try:
        template = read_template(root)
        questions.make_parameters(template)
    except Failure as failure:
        return [*found, _deny(failure)]
    found += _Check(template).run()
    unique = {tuple(sorted(one.items())): one for one in found}
    return sorted(unique.values(), key=lambda one: (one["at"], one["code"], one["text"]))


def _deny(failure: Failure) -> dict[str, str]:
    return _find(failure.code, failure.why, at=failure.at, fix=failure.fix, level="deny")


def _find(code: str, text: str, *, at: Place, fix: str, level: str = "warn") -> dict[str, str]:
    return {"at": str(at), "code": code, "level": level, "text": text, "fix": fix}


class _Check:
    """One look at one template."""

    def __init__(self, template: Template) -> None:
        self._template = template
        self._worker = make_worker(template, {}, template.root)
        self._environment: SandboxedEnvironment = self._worker.jinja_env
        self._found: list[dict[str, str]] = []
        self._used: set[str] = set()
        self._sources: dict[str, Source] = {}
        self._included: set[str] = set()
        envops = self._environment
        self._marks = (envops.variable_start_string, envops.block_start_string)

    def run(self) -> list[dict[str, str]]:
        self._check_settings()
        self._check_questions()
        for path in self._list_rendered():
            self._check_file(path)
        self._follow_references()
        self._check_variables()
        self._check_unused()
        return self._found

    def _warn(self, code: str, text: str, *, at: Place, fix: str) -> None:
        self._found.append(_find(code, text, at=at, fix=fix))

    def _parse(self, text: str, at: Place, *, is_file: bool = False) -> Source | None:
        """Return what `text` uses; of a file, errors tell the line."""
        try:
            source = parse_source(text, self._environment)
        except TemplateSyntaxError as error:
            place = Place(file=at.file, line=error.lineno) if is_file else at
            self._found.append(_deny(explain(error, self._template.root, place)))
            return None
        self._used |= source.used
        return source

    def _check_settings(self) -> None:
        for name, text in _NEVER_RUN.items():
            if self._template.settings.get(name):
                fix = "do without: what a service needs is rendered or built"
                at = self._template.find_line(f"_{name}")
                self._warn("TEMPLATE-IGNORED", text, at=at, fix=fix)
        everything = self._template.questions.keys() | _ALWAYS_KNOWN | _CONFIG_KNOWN
        for name, value in self._template.settings.items():
            if name not in _NEVER_RENDERED:
                self._check_expressions(value, self._template.find_line(f"_{name}"), everything)

    def _check_questions(self) -> None:
        known = set(_ALWAYS_KNOWN | _CONFIG_KNOWN)
        for name, question in self._template.questions.items():
            at = self._template.find_line(name)
            self._check_expressions(question.get("validator", ""), at, known | {name})
            for key in ("default", "when", "help", "choices", "placeholder", "type", "multiline"):
                self._check_expressions(question.get(key), at, known)
            known.add(name)

    def _check_expressions(self, value: Any, at: Place, known: Set[str]) -> None:  # Any: YAML
        for text in _list_texts(value):
            source = self._parse(text, at)
            for name in sorted(source.free if source else ()):
                if name not in known:
                    self._deny_undefined(name, at)

    def _deny_undefined(self, name: str, at: Place) -> None:
        is_later = name in self._template.questions
        text = f"'{name}' is asked only after this" if is_later else f"'{name}' is not defined"
        fix = "ask in another order" if is_later else f"ask for '{name}' in copier.yml"
        if name.startswith("_copier"):
            fix = "do without: a rendering does not depend on where and by what it is made"
        found = _find("TEMPLATE-UNDEFINED", text, at=at, fix=fix, level="deny")
        self._found.append(found)

    def _list_rendered(self) -> Iterator[str]:
        """Yield the files and links that a rendering may make something of."""
        folder = str(self._template.settings.get("subdirectory") or "").strip("/")
        if any(mark in folder for mark in self._marks):
            folder = ""
        prefix = f"{folder}/" if folder not in ("", ".") else ""
        static = [
            pattern
            for pattern in map(str, self._worker.template.exclude)
            if not any(mark in pattern for mark in self._marks)
        ]
        excluded = PathSpec.from_lines("gitignore", static)
        for path in list_paths(self._template.root):
            is_part = path.startswith(prefix) and not excluded.match_file(path[len(prefix) :])
            full = self._template.root / path
            if is_part and (full.is_symlink() or full.is_file()):
                self._check_name(path, path[len(prefix) :])
                yield path

    def _check_name(self, path: str, name: str) -> None:
        at = Place(file=path)
        known = self._template.questions.keys() | _ALWAYS_KNOWN | _list_yielded(name)
        for part in Path(name).parts:
            self._check_expressions(part, at, known)
        if not any(mark in name for mark in self._marks):
            try:
                check_path(Path(name), Path(path))
            except Failure as failure:
                self._found.append(_deny(failure))

    def _check_file(self, path: str) -> None:
        full = self._template.root / path
        suffix = self._template.suffix
        at = Place(file=path)
        if full.is_symlink():
            if not self._template.settings.get("preserve_symlinks"):
                text = "the link becomes a copy of what it leads to"
                fix = "set _preserve_symlinks: true, or replace the link by a file"
                self._warn("TEMPLATE-LINK", text, at=at, fix=fix)
        elif full.name.endswith(suffix):
            self._read_source(path)
            if suffix and full.with_name(full.name.removesuffix(suffix)).is_file():
                text = f"it is rendered instead of the file without {suffix} beside it"
                self._warn("TEMPLATE-SHADOWED", text, at=at, fix="remove one of them")
        elif full.stat().st_size <= _MAX_TEXT_BYTES:
            self._check_marks(full.read_bytes(), at)

    def _read_source(self, path: str) -> None:
        if path in self._sources:
            return
        at = Place(file=path)
        try:
            text = (self._template.root / path).read_bytes().decode()
        except UnicodeDecodeError as error:
            self._found.append(_deny(explain(error, self._template.root, at)))
            return
        if source := self._parse(text, at, is_file=True):
            self._sources[path] = source

    def _check_marks(self, content: bytes, at: Place) -> None:
        """Warn of a question within marks, in a file that is copied as it is."""
        names = "|".join(map(re.escape, self._template.questions))
        start, block = map(re.escape, self._marks)
        pattern = rf"(?<!\$)(?:{start}|{block})[^\n}}]*?(?<![\w.'\"-])({names})(?![\w-])"
        try:
            text = content.decode()
        except UnicodeDecodeError:
            return
        if names and (hit := re.search(pattern, text)):
            line = text.count("\n", 0, hit.start()) + 1
            self._warn(
                "TEMPLATE-MARKER",
                f"it names '{hit[1]}' between marks, but is copied as it is",
                at=Place(file=at.file, line=line),
                fix=f"add {self._template.suffix} to the file's name",
            )

    def _follow_references(self) -> None:
        """Read what is included too, wherever it is in the template."""
        pending = list(self._sources)
        while pending:
            path = pending.pop()
            for name, line in self._sources[path].references:
                is_new = name not in self._sources
                self._included.add(name)
                if not (self._template.root / name).is_file():
                    text = f"it includes '{name}', which the template has not"
                    fix = "name files by their path from the template's root"
                    at = Place(file=path, line=line)
                    found = _find("TEMPLATE-INVALID", text, at=at, fix=fix, level="deny")
                    self._found.append(found)
                elif is_new:
                    self._read_source(name)
                    pending += [name] if name in self._sources else []

    def _check_variables(self) -> None:
        known = self._template.questions.keys() | _ALWAYS_KNOWN
        set_anywhere = {name for source in self._sources.values() for name in source.set_names}
        for path, source in self._sources.items():
            from_includer = set_anywhere if path in self._included else set()
            for name, line in source.free.items():
                if name not in known | from_includer | _list_yielded(path):
                    self._deny_undefined(name, Place(file=path, line=line))

    def _check_unused(self) -> None:
        for name in self._template.questions:
            if name not in self._used:
                self._warn(
                    "TEMPLATE-UNUSED",
                    f"the answer to '{name}' is used nowhere",
                    at=self._template.find_line(name),
                    fix="use it, or do not ask",
                )


def _list_yielded(path: str) -> set[str]:
    """Return the variables that loops in a file's name define."""
    return set(re.findall(r"\byield\s+(\w+)\s+from\b", path))


def _list_texts(value: Any) -> Iterator[str]:  # Any: YAML
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _list_texts(key)
            yield from _list_texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _list_texts(part)
