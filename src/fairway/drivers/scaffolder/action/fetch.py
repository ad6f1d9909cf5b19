"""The actions that take files from the template: as they are, or rendered.

Belongs here: `fetch:…`. Never here: Nunjucks, other actions. Start at `fetch_template`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairway.drivers.scaffolder.action.glob import match_paths
from fairway.drivers.scaffolder.action.task import Inputs, Task
from fairway.drivers.scaffolder.action.text import COOKIECUTTER, ENVIRONMENT, Texts, explain
from fairway.drivers.template.failure import Failure, Place
from fairway.formats.scaffolder.nunjucks import Environment, Marks, NunjucksError

_DEFAULT_EXTENSION = ".njk"
_COOKIECUTTER_MARK = "{{"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Which files of a skeleton are rendered, and in which form of the language."""

    marks: Marks
    environment: Environment
    root: str
    extension: str = ""
    copied: tuple[str, ...] = ()
    is_name_copied: bool = False
    is_replacing: bool = False

    def make_context(self, inputs: Inputs) -> dict[str, Any]:
        return {self.root: inputs.get("values", dict, {})}


def make_rules(inputs: Inputs) -> Rules:
    """Return what the inputs of `fetch:template` say.

    Raises:
        Failure: TEMPLATE-INVALID, two of them exclude each other.
    """
    is_cookiecutter = bool(inputs.get("cookiecutterCompat", bool, False))
    extension = inputs.values.get("templateFileExtension") or ""
    if extension is True:
        extension = _DEFAULT_EXTENSION
    if not isinstance(extension, str):
        extension = inputs.get("templateFileExtension", str)
    copied = inputs.list_texts("copyWithoutTemplating")
    unrendered = inputs.list_texts("copyWithoutRender")
    if sum(map(bool, (extension, copied, unrendered))) > 1:
        raise Failure(
            "TEMPLATE-INVALID",
            "templateFileExtension, copyWithoutTemplating and copyWithoutRender exclude each other",
            fix="keep one of them",
        )
    if extension and not extension.startswith("."):
        extension = f".{extension}"
    return Rules(
        marks=Marks(
            start=_COOKIECUTTER_MARK if is_cookiecutter else "${{",
            is_trimmed=bool(inputs.get("trimBlocks", bool, False)),
            is_left_stripped=bool(inputs.get("lstripBlocks", bool, False)),
        ),
        environment=COOKIECUTTER if is_cookiecutter else ENVIRONMENT,
        root="cookiecutter" if is_cookiecutter else "values",
        extension=extension,
        copied=tuple(copied or unrendered),
        is_name_copied=bool(unrendered),
        is_replacing=bool(inputs.get("replace", bool, False)),
    )


def fetch_template(task: Task, inputs: Inputs, texts: Texts) -> None:
    """Render a folder of the template into the workspace."""
    source = task.find_source(inputs.require("url", str))
    folder = task.workspace.resolve(inputs.get("targetPath", str, "."))
    if not source.is_dir():
        raise Failure(
            "TEMPLATE-INVALID", "its url names a file, not a folder", fix="use fetch:template:file"
        )
    _Fetch(task, make_rules(inputs), inputs, texts).run(source, folder)


def fetch_template_file(task: Task, inputs: Inputs, texts: Texts) -> None:
    """Render one file of the template."""
    source = task.find_source(inputs.require("url", str))
    path = task.workspace.resolve(inputs.require("targetPath", str))
    fetch = _Fetch(task, make_rules(inputs), inputs, texts)
    if fetch.may_write(path):
        fetch.write(source, path, is_rendered=True)


def fetch_plain(task: Task, inputs: Inputs) -> None:
    """Copy a folder of the template."""
    source = task.find_source(inputs.require("url", str))
    target = inputs.get("targetPath", str, ".")
    if source.is_file():
        task.workspace.copy(source, task.workspace.resolve(f"{target}/{source.name}"))
        return
    for name in task.list_source(source):
        path = task.workspace.resolve(f"{target}/{name}")
        if name.endswith("/"):
            task.workspace.make_folder(path)
        else:
            task.workspace.copy(source / name, path)


def fetch_plain_file(task: Task, inputs: Inputs) -> None:
    """Copy one file of the template."""
    source = task.find_source(inputs.require("url", str))
    if not source.is_file():
        raise Failure(
            "TEMPLATE-INVALID", "its url names a folder, not a file", fix="use fetch:plain"
        )
    task.workspace.copy(source, task.workspace.resolve(inputs.require("targetPath", str)))


class _Fetch:
    def __init__(self, task: Task, rules: Rules, inputs: Inputs, texts: Texts) -> None:
        self._task = task
        self._rules = rules
        self._texts = texts
        self._context = rules.make_context(inputs)

    def run(self, source: Path, folder: Path) -> None:
        names = self._task.list_source(source)
        copied = match_paths(self._rules.copied, [name.rstrip("/") for name in names])
        for name in names:
            extension = self._rules.extension
            is_rendered = name.endswith(extension) if extension else name.rstrip("/") not in copied
            made = self._render_name(source, name, is_rendered=is_rendered)
            if made in ("", "/") or made.startswith("/") or "//" in made:
                continue
            at = self._place(source / name)
            try:
                path = self._task.workspace.resolve(
                    str(folder.relative_to(self._task.workspace.root) / made)
                )
            except Failure as failure:
                failure.at = at
                raise
            if name.endswith("/"):
                self._task.workspace.make_folder(path)
            elif self.may_write(path):
                self.write(source / name, path, is_rendered=is_rendered)

    def may_write(self, path: Path) -> bool:
        """Return whether the file may be made: one that is there is kept, unless told otherwise."""
        return self._rules.is_replacing or not (path.exists() or path.is_symlink())

    def write(self, source: Path, path: Path, *, is_rendered: bool) -> None:
        workspace = self._task.workspace
        content = b"" if source.is_symlink() else source.read_bytes()
        text = _read_text(content) if is_rendered and not source.is_symlink() else None
        if text is None:
            workspace.copy(source, path)
            return
        made = self._render(text, self._place(source), is_file=True)
        workspace.write(path, made.encode(errors="surrogatepass"), mode=source.stat().st_mode)

    def _render_name(self, source: Path, name: str, *, is_rendered: bool) -> str:
        if self._rules.extension and is_rendered:
            name = name.removesuffix(self._rules.extension)
        if self._rules.is_name_copied and not is_rendered:
            return name
        return self._render(name, self._place(source / name))

    def _render(self, text: str, at: Place, *, is_file: bool = False) -> str:
        rules = self._rules
        try:
            return self._texts.render(text, rules.marks, rules.environment, self._context)
        except NunjucksError as error:
            raise explain(error, at, is_file=is_file) from error
        except (RecursionError, MemoryError) as error:
            limit = "recursion" if isinstance(error, RecursionError) else "memory"
            raise Failure("TEMPLATE-LIMIT", limit, fix="", at=at) from error

    def _place(self, path: Path) -> Place:
        return Place(file=str(path.relative_to(self._task.template)))


def _read_text(content: bytes) -> str | None:
    """Return the text that a file is, None for one that is none and is copied as it is."""
    if b"\0" in content:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None
