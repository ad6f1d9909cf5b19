"""A template's folder, before anything of it is rendered.

Belongs here: which files it has, that none leads outside, what copier.yml says and on which lines.
Never here: what a question means (`question`). Start at `open_template`.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from fairway.drivers.template.failure import Failure, Place
from fairway.drivers.template.source import check_source, list_paths

_CONFIG_NAMES = ("copier.yml", "copier.yaml")
# What Jinja may be told by a template: how its marks look, and what becomes of white space.
_ENVOPS = frozenset(
    {
        *("block_start_string", "block_end_string", "variable_start_string"),
        *("variable_end_string", "comment_start_string", "comment_end_string"),
        *("line_statement_prefix", "line_comment_prefix", "trim_blocks", "lstrip_blocks"),
        *("newline_sequence", "keep_trailing_newline", "autoescape", "undefined"),
    }
)
_QUESTION_KEYS = frozenset(
    {
        *("type", "help", "default", "choices", "multiselect", "multiline", "placeholder"),
        *("secret", "validator", "when", "ask", "qmark"),
    }
)
Settings = Mapping[str, Any]  # Any: YAML that people wrote, checked where it is used


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """What copier.yml says: `settings` by names with an underscore, without it, and questions."""

    root: Path
    config: str
    settings: Settings
    questions: Mapping[str, Settings]
    lines: Mapping[str, int]

    def find_line(self, key: str) -> Place:
        """Return where copier.yml says `key`."""
        return Place(file=self.config, line=self.lines.get(key, 0))

    def make_raw(self) -> dict[str, Any]:
        """Return what Copier reads, for one rendering to use up."""
        settings = {f"_{name}": value for name, value in self.settings.items()}
        envops = {**(self.settings.get("envops") or {}), "undefined": "jinja2.StrictUndefined"}
        return deepcopy({**settings, "_envops": envops, **self.questions})

    @property
    def secrets(self) -> frozenset[str]:
        """The questions whose answers are not kept."""
        marked = (name for name, question in self.questions.items() if question.get("secret"))
        return frozenset((*marked, *(self.settings.get("secret_questions") or ())))

    @property
    def suffix(self) -> str:
        suffix = self.settings.get("templates_suffix")
        return ".jinja" if suffix is None else str(suffix)


def open_template(root: Path) -> Template:
    """Return the template in the folder `root`.

    Raises:
        Failure: TEMPLATE-PATH, TEMPLATE-UNSAFE or TEMPLATE-INVALID.
    """
    for path in list_paths(root):
        check_source(root, path)
    return read_template(root)


def read_template(root: Path) -> Template:
    """Read copier.yml."""
    found = [name for name in _CONFIG_NAMES if (root / name).is_file()]
    if len(found) != 1:
        why = "there are both copier.yml and copier.yaml" if found else "there is no copier.yml"
        fix = "keep one of them" if found else "write the template's questions into copier.yml"
        raise Failure("TEMPLATE-INVALID", why, fix=fix)
    document, lines = _read_yaml(root, found[0])
    questions = {}
    for name, value in document.items():
        if not name.startswith("_"):
            questions[name] = value if isinstance(value, dict) else {"default": value}
    template = Template(
        root=root,
        config=found[0],
        settings={key[1:]: value for key, value in document.items() if key.startswith("_")},
        questions=questions,
        lines=lines,
    )
    _check_settings(template)
    return template


def _read_yaml(root: Path, file: str) -> tuple[dict[str, Any], dict[str, int]]:
    """Return what the file says, and the line of each key."""
    try:
        node = yaml.compose((root / file).read_bytes(), Loader=yaml.SafeLoader)
        document = yaml.load((root / file).read_bytes(), Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = str(getattr(error, "problem", error))
        if "'!include'" in problem:
            why, fix = "it includes other files", "write all questions into copier.yml itself"
        else:
            why, fix = f"it is not one YAML document: {problem}", "correct the YAML"
        at = Place(file=file, line=mark.line + 1 if mark else 0)
        raise Failure("TEMPLATE-INVALID", why, fix=fix, at=at) from error
    if not isinstance(document, dict) or not all(isinstance(key, str) for key in document):
        raise Failure(
            "TEMPLATE-INVALID",
            "it is not a mapping from names to questions",
            fix="write one question or setting per key",
            at=Place(file=file, line=1),
        )
    lines: dict[str, int] = {}
    assert isinstance(node, yaml.MappingNode)
    for key, _ in node.value:
        if key.value in lines:
            raise Failure(
                "TEMPLATE-INVALID",
                f"'{key.value}' is written twice, first on line {lines[key.value]}",
                fix="keep one of them",
                at=Place(file=file, line=key.start_mark.line + 1),
            )
        lines[key.value] = key.start_mark.line + 1
    return document, lines


def _check_settings(template: Template) -> None:
    settings = template.settings
    if settings.get("jinja_extensions"):
        raise Failure(
            "TEMPLATE-UNSAFE",
            f"it asks for Jinja extensions: {settings['jinja_extensions']}",
            fix="do without: extensions are programs, and none of a template's is run",
            at=template.find_line("_jinja_extensions"),
        )
    envops = settings.get("envops") or {}
    unknown = sorted(set(envops) - _ENVOPS) if isinstance(envops, dict) else ["no mapping"]
    if unknown:
        raise Failure(
            "TEMPLATE-INVALID",
            f"Jinja cannot be told by a template: {', '.join(map(str, unknown))}",
            fix=f"use only {', '.join(sorted(_ENVOPS))}",
            at=template.find_line("_envops"),
        )
    for name, question in template.questions.items():
        unknown = sorted(set(question) - _QUESTION_KEYS, key=str)
        if unknown or not name.isidentifier():
            why = (
                f"a question has no '{unknown[0]}'" if unknown else "it cannot be a variable's name"
            )
            raise Failure(
                "TEMPLATE-INVALID",
                f"question '{name}': {why}",
                fix="use Copier's properties of questions, and names of letters, digits and _",
                at=template.find_line(name),
            )
