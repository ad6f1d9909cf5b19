"""Copier's own worker, held to what a platform needs.

Belongs here: the only reliance on the insides of the library copier. Never here: how a refusal is
told (`cause`). Start at `render_once`.

It differs from `copier copy --defaults` in this:
- It asks nobody; an answer to a question that is not asked is left out.
- The same template and answers give the same files. So templates do not learn of folders on this
  machine, of the time or of chance: `_copier_conf` has `answers_file`, `sep` and `os` only, the
  filters in `_FORBIDDEN_FILTERS` are missing, and `_copier_answers`, thus the answers file, says
  neither `_src_path` nor `_commit`.
- `_folder_name` is the answer to `name`.
- An undefined variable is an error.
- Two files of a template that become one are an error, and so are names that lead outside or
  into `.git`.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from types import CodeType
from typing import Any

from copier._jinja_ext import SandboxedEnvironment, get_yield_context
from copier._main import Worker
from copier._settings import SettingsModel
from copier._types import MISSING, LazyDict, Phase
from copier._user_data import AnswersMap, Question
from copier.errors import InvalidTypeError
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from fairway.drivers.copier.program.template import Template
from fairway.drivers.template.failure import Failure, Place

# They read this machine's files and variables, or differ from one rendering to the next.
_FORBIDDEN_FILTERS = frozenset(
    {
        *("fileglob", "realpath", "relpath", "expanduser", "expandvars"),
        *("random", "ans_random", "shuffle", "random_mac", "strftime", "to_datetime"),
    }
)
_FORBIDDEN_GLOBALS = frozenset({"lipsum"})
_FORBIDDEN_ANSWERS = frozenset({"now", "make_secret"})
Answers = dict[str, Any]  # Any: JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """What one rendering may write."""

    disk_bytes: int
    files: int


class CompiledTemplates(BytecodeCache):
    """Templates' code, which holds no state, for all renderings of one template."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}
        self.texts: dict[str, CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._code:
            bucket.bytecode_from_string(self._code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()


class StrictQuestion(Question):
    """Tells a refused answer from a validator that is wrong itself."""

    def validate_answer(self, answer: Any) -> None:  # Any: as Copier has it
        said = self.render_value(self.validator, {self.var_name: answer})
        if said := str(said).strip():
            raise ValueError(said)


class StrictWorker(Worker):
    """Renders once."""

    fairway: Template
    compiled: CompiledTemplates
    quota: Quota
    at: Callable[[Place], None]
    _answers_file: Path | None = None

    def _ask(self) -> None:
        self.answers = AnswersMap(init=dict(self.data))
        for name, details in self.template.questions_data.items():
            self.at(self.fairway.find_line(name))
            question = StrictQuestion(
                answers=self.answers,
                context=self._render_context(),
                jinja_env=self.jinja_env,
                settings=SettingsModel(),
                var_name=name,
                **details,
            )
            self._answer(question)
        self.at(Place(file=self.fairway.config))

    def _answer(self, question: Question) -> None:
        name = question.var_name
        is_asked = question.get_when()
        if not is_asked:
            self.answers.hide(name)
            self.answers.init.pop(name, None)
        try:
            if name in self.answers.init:
                value = question.parse_answer(self.answers.init[name])
                question.validate_answer(value)
            else:
                value = question.get_default()
        except (ValueError, InvalidTypeError) as error:
            why = str(error).removeprefix(f"Invalid choice for '{name}': ")
            raise refuse_answer(name, why, self.fairway) from error
        if value is not MISSING:
            self.answers.user[name] = value
        elif is_asked:
            raise refuse_answer(name, "an answer is required", self.fairway)

    def _answers_to_remember(self) -> Mapping[str, Any]:
        told = super()._answers_to_remember()
        return {name: value for name, value in told.items() if not name.startswith("_")}

    def _render_context(self) -> dict[str, Any]:
        known = {
            name: value
            for name, value in self.answers.combined.items()
            if name not in _FORBIDDEN_ANSWERS
        }
        conf = {
            "answers_file": lambda: PurePosixPath(self.answers_relpath),
            "sep": lambda: "/",
            "os": lambda: "linux",
        }
        return {
            **known,
            "_copier_answers": self._answers_to_remember(),
            "_copier_conf": LazyDict(conf),
            "_folder_name": str(self.data.get("name", "project")),
            "_copier_phase": Phase.current(),
        }

    @cached_property
    def jinja_env(self) -> SandboxedEnvironment:
        environment = super().jinja_env
        for name in _FORBIDDEN_FILTERS:
            del environment.filters[name]
        for name in _FORBIDDEN_GLOBALS:
            del environment.globals[name]
        return environment

    @cached_property
    def _marks(self) -> tuple[str, ...]:
        """What a text must have in it for rendering to change it."""
        environment = self.jinja_env
        marks = (
            environment.variable_start_string,
            environment.block_start_string,
            environment.comment_start_string,
        )
        return ("",) if environment.line_statement_prefix else marks

    @property
    def answers_relpath(self) -> Path:
        """Where the answers file goes; looked up for each file, so found once per rendering."""
        if self._answers_file is None or Phase.current() is not Phase.RENDER:
            self._answers_file = super().answers_relpath
        return self._answers_file

    def _render_string(self, string: str, extra_context: Answers | None = None) -> str:
        # These are parts of files' names, mostly. Copier looks for a yield in each afterwards.
        self._forget_yield()
        if not any(mark in string for mark in self._marks):
            return string
        environment = self.jinja_env
        code = self.compiled.texts.get(string) or environment.compile(string)
        self.compiled.texts[string] = code
        template = environment.template_class.from_code(
            environment, code, environment.make_globals(None)
        )
        return template.render({**self._render_context(), **(extra_context or {})})

    def _forget_yield(self) -> None:
        """Do what Copier expects of each compilation; here not all that renders compiles."""
        found = get_yield_context(self.jinja_env)
        found.yield_name = found.yield_iterable = None

    def _sync_git_index_executable_bit(self, dst_relpath: Path, src_mode: int) -> None:
        """Do nothing: what is rendered into is no repository."""

    def _render_template(self) -> None:
        root = self.template_copy_root
        is_kept = self.template.preserve_symlinks
        for source in _list_sources(root, follow_links=not is_kept):
            relative = source.relative_to(root)
            file = source.relative_to(self.fairway.root)
            self.at(Place(file=str(file)))
            for path, context in self._render_path(relative):
                check_path(path, file)
                if self.match_exclude(path):
                    continue
                if source.is_symlink() and is_kept:
                    self._render_symlink(file, path)
                elif source.is_dir():
                    self._render_folder(path)
                else:
                    self._forget_yield()
                    self._render_file(file, path, extra_context=context or {})

    def _render_allowed(self, dst_relpath: Path, *_: Any, **options: Any) -> bool:
        # Copier asks this before whatever it writes; it names all options.
        if options.get("is_dir"):
            return True
        if os.path.lexists(self.dst_path / dst_relpath):
            raise Failure(
                "TEMPLATE-INVALID",
                f"it becomes '{dst_relpath}', which another file of the template already is",
                fix="give them names that differ, or conditions that exclude each other",
            )
        content = options.get("expected_contents", b"")
        self._take(len(content) if isinstance(content, bytes) else 0)
        return True

    def _take(self, size: int) -> None:
        left = Quota(
            disk_bytes=self.quota.disk_bytes - size,
            files=self.quota.files - 1,
        )
        if left.disk_bytes < 0 or left.files < 0:
            raise refuse_limit("disk" if left.disk_bytes < 0 else "files")
        self.quota = left


def _list_sources(folder: Path, *, follow_links: bool) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        path = folder / entry.name
        yield path
        if entry.is_dir(follow_symlinks=follow_links):
            yield from _list_sources(path, follow_links=follow_links)


def check_path(path: Path, source: Path) -> None:
    """Raise TEMPLATE-PATH unless a file may be made at `path`."""
    why = ""
    if path.is_absolute() or ".." in path.parts:
        why = "outside the root"
    elif any(part.casefold() == ".git" for part in path.parts):
        why = "which belongs to git"
    elif "\0" in str(path):
        why = "which is no name"
    if why:
        raise Failure(
            "TEMPLATE-PATH",
            f"it becomes {str(path)!r}, {why}",
            fix="correct the file's name, or validate the answers that it is made of",
            at=Place(file=str(source)),
        )


def refuse_answer(question: str, why: str, template: Template) -> Failure:
    return Failure(
        "TEMPLATE-ANSWER",
        f"{question}: {why}",
        fix=f"give another answer to '{question}'",
        at=template.find_line(question),
    )


def refuse_limit(limit: str) -> Failure:
    return Failure("TEMPLATE-LIMIT", limit, fix="")


def make_worker(template: Template, answers: Answers, folder: Path) -> StrictWorker:
    """Return a worker that has done nothing yet; answers to other questions are left out."""
    known = {name: value for name, value in answers.items() if name in template.questions}
    worker = StrictWorker(
        src_path=str(template.root),
        dst_path=folder,
        data=deepcopy(known),
        settings=SettingsModel(),
        defaults=True,
        overwrite=True,
        quiet=True,
        skip_tasks=True,
        cleanup_on_error=False,
    )
    worker.fairway = template
    # What Copier finds out lazily: here it is known, and asking git would need processes.
    worker.template.__dict__.update(
        vcs=None, _raw_config=template.make_raw(), local_abspath=template.root
    )
    return worker


def render_once(
    template: Template,
    answers: Answers,
    folder: Path,
    *,
    quota: Quota,
    compiled: CompiledTemplates,
    at: Callable[[Place], None],
) -> Answers:
    """Render into the new `folder`, and return the answers to keep.

    `at` is told which part of the template is being rendered.
    """
    worker = make_worker(template, answers, folder)
    worker.quota, worker.at, worker.compiled = quota, at, compiled
    worker.jinja_env.bytecode_cache = compiled
    folder.mkdir()
    worker.run_copy()
    return dict(worker._answers_to_remember())  # noqa: SLF001  the class is this module's own
