"""Nunjucks, the language of expressions and files in Backstage's templates, on JSON values.

Belongs here: its grammar, its meaning, its filters, as Nunjucks 3.2 has them with autoescape off.
Values are JSON and `UNDEFINED`; nothing of Python can be reached from a template, so there is
nothing to be fenced off. What is not offered is refused by name, never read as something else.
Never here: Backstage's own filters, which files are rendered. Start at `parse_text`.
"""

from fairway.formats.scaffolder.nunjucks import node
from fairway.formats.scaffolder.nunjucks.error import NunjucksError, NunjucksRange, NunjucksUnsafe
from fairway.formats.scaffolder.nunjucks.parse import parse_text
from fairway.formats.scaffolder.nunjucks.render import Environment
from fairway.formats.scaffolder.nunjucks.token import Marks
from fairway.formats.scaffolder.nunjucks.value import UNDEFINED, to_json

__all__ = [
    "UNDEFINED",
    "Environment",
    "Marks",
    "NunjucksError",
    "NunjucksRange",
    "NunjucksUnsafe",
    "node",
    "parse_text",
    "to_json",
]
