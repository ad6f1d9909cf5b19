"""The template in a folder, and the texts in its steps.

Belongs here: reading template.yaml and its parameters. Never here: running anything. Start at
`open_source`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fairway.drivers.scaffolder.action.table import find_action
from fairway.drivers.template.failure import Failure, Place
from fairway.drivers.template.source import check_source, list_paths
from fairway.formats import yaml
from fairway.formats.scaffolder.expression import ENVIRONMENT, list_texts
from fairway.formats.scaffolder.nunjucks import NunjucksError, node, parse_text
from fairway.formats.scaffolder.parameters import Parameters, make_parameters
from fairway.formats.scaffolder.template import FILE, Step, Template, read_template
from fairway.formats.scaffolder.usage import find_usage
from fairway.kits.errors import InvalidDocuments, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A template that was read."""

    root: Path
    template: Template
    parameters: Parameters
    has_user: bool


def open_source(root: Path) -> Source:
    """Return the template in the folder `root`.

    Raises:
        Failure: TEMPLATE-PATH, a file of it leads outside; TEMPLATE-INVALID.
    """
    for path in list_paths(root):
        check_source(root, path)
    return read_source(root)


def read_source(root: Path) -> Source:
    """Return the template without a look at its other files."""
    file = root / FILE
    if not file.is_file():
        fix = f"write the Template into {FILE} at the root"
        raise Failure("TEMPLATE-INVALID", f"there is no {FILE}", fix=fix)
    try:
        template = read_template(file.read_bytes())
    except InvalidDocuments as refused:
        raise _explain(refused.problems[0]) from refused
    except Refused as refused:
        raise _explain(refused) from refused
    has_user = any(_uses_user(text) for _, text in list_read_texts(template))
    return Source(
        root=root,
        template=template,
        parameters=make_parameters(template, has_user=has_user),
        has_user=has_user,
    )


def list_read_texts(template: Template) -> Iterator[tuple[yaml.Path, str]]:
    """Yield the texts of template.yaml that running it evaluates, with their places."""
    for step in template.steps:
        yield from list_step_texts(step)
    yield from list_texts(dict(template.output), ("spec", "output"))


def list_step_texts(step: Step) -> Iterator[tuple[yaml.Path, str]]:
    """Yield the texts of a step that running it evaluates."""
    action = find_action(step.action)
    for name in step.input:
        if action is not None and name in action.reads:
            yield from list_texts(step.input[name], (*step.path, "input", name))
    yield from list_texts(step.condition, (*step.path, "if"))
    yield from list_texts(step.each, (*step.path, "each"))


def _uses_user(text: str) -> bool:
    try:
        body: node.Body = parse_text(text)
    except NunjucksError:
        return False
    return any(path[0] == "user" for path in find_usage(body, ENVIRONMENT).names)


def _explain(refused: Refused) -> Failure:
    at = refused.at
    place = Place(file=at.file, line=at.line or 0) if at else Place(file=FILE)
    return Failure("TEMPLATE-INVALID", refused.why, fix=refused.fix, at=place)
