"""Texts are rendered as Nunjucks itself renders them, or refused by name."""

from copy import deepcopy

import pytest

from fairway.formats.scaffolder.nunjucks import Environment, Marks, NunjucksError, parse_text
from tests.integration.scaffolder.cases import CONTEXT, EQUAL, REFUSED, TRIMMED
from tests.integration.scaffolder.conftest import Ask

pytestmark = pytest.mark.integration


def render(text: str, marks: Marks) -> str | None:
    """Return what is rendered, None for an error, as Nunjucks is asked."""
    try:
        return Environment({}).render(parse_text(text, marks), deepcopy(CONTEXT))
    except NunjucksError:
        return None


def test_texts_are_rendered_alike(ask_nunjucks: Ask) -> None:
    theirs = ask_nunjucks(EQUAL, CONTEXT)
    ours = [render(text, Marks()) for text in EQUAL]
    assert dict(zip(EQUAL, ours, strict=True)) == dict(zip(EQUAL, theirs, strict=True))


def test_space_around_tags_is_trimmed_alike(ask_nunjucks: Ask) -> None:
    theirs = ask_nunjucks(TRIMMED, CONTEXT, trimBlocks=True, lstripBlocks=True)
    ours = [render(text, Marks(is_trimmed=True, is_left_stripped=True)) for text in TRIMMED]
    assert dict(zip(TRIMMED, ours, strict=True)) == dict(zip(TRIMMED, theirs, strict=True))


@pytest.mark.parametrize(("text", "why"), REFUSED)
def test_what_is_not_offered_is_refused_by_name(text: str, why: str) -> None:
    with pytest.raises(NunjucksError) as refused:
        Environment({}).render(parse_text(text), deepcopy(CONTEXT))
    assert why in refused.value.why
    assert refused.value.line == 1


def test_only_what_nunjucks_renders_is_on_the_list_of_refusals(ask_nunjucks: Ask) -> None:
    theirs = ask_nunjucks([text for text, _ in REFUSED], CONTEXT)
    assert None not in theirs
