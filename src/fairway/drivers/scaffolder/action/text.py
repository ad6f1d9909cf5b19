"""Texts in Nunjucks among a template's files.

Belongs here: parsing each once, what is wrong with one. Never here: which files are rendered.
Start at `Texts`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fairway.drivers.template.failure import NOWHERE, Failure, Place
from fairway.formats.scaffolder.filter import FILTERS
from fairway.formats.scaffolder.nunjucks import (
    Environment,
    Marks,
    NunjucksError,
    NunjucksRange,
    NunjucksUnsafe,
    node,
    parse_text,
)
from fairway.formats.scaffolder.nunjucks.text_filter import TEXT_FILTERS

ENVIRONMENT = Environment(FILTERS)
# Cookiecutter's own filter.
COOKIECUTTER = Environment({**FILTERS, "jsonify": TEXT_FILTERS["dump"]})
_FIX = "correct it; see docs/explanation/backstage_templates.md for what is not offered"


def explain(error: NunjucksError, at: Place = NOWHERE, *, is_file: bool = False) -> Failure:
    """Return why a text cannot be rendered; of a file, the error's line is the place."""
    place = Place(file=at.file, line=error.line) if is_file else at
    if isinstance(error, NunjucksRange):
        return Failure("TEMPLATE-LIMIT", error.why, fix="", at=place)
    code = "TEMPLATE-UNSAFE" if isinstance(error, NunjucksUnsafe) else "TEMPLATE-INVALID"
    return Failure(code, error.why, fix=_FIX, at=place)


@dataclass(slots=True)
class Texts:
    """Texts that were parsed, for all renderings of one template."""

    _parsed: dict[tuple[str, Marks], node.Body] = field(default_factory=dict)

    def parse(self, text: str, marks: Marks) -> node.Body:
        """Return the pieces of `text`.

        Raises:
            NunjucksError: it is not Nunjucks.
        """
        key = (text, marks)
        if key not in self._parsed:
            self._parsed[key] = parse_text(text, marks)
        return self._parsed[key]

    def render(
        self, text: str, marks: Marks, environment: Environment, context: Mapping[str, Any]
    ) -> str:
        if not any(mark in text for mark in ("{%", "{#", "#}", marks.start)):
            return text
        return environment.render(self.parse(text, marks), context)
