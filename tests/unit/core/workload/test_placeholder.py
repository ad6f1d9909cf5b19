"""The grammar of placeholders, as Score's reference implementation reads it."""

import pytest

from fairway.core.workload.placeholder import (
    Reference,
    Template,
    list_references,
    parse_template,
)
from fairway.kits.canonical import JsonObject
from fairway.kits.errors import Refused

URL = Reference(path=("resources", "db", "url"))


@pytest.mark.parametrize(
    ("text", "template"),
    [
        ("", ()),
        ("plain", ("plain",)),
        ("${resources.db.url}", (URL,)),
        ("a${resources.db.url}b", ("a", URL, "b")),
        ("${resources.db.url}${resources.db.url}", (URL, URL)),
        ("$$", ("$",)),
        ("$$$$", ("$$",)),
        ("$5 and $HOME", ("$5 and $HOME",)),
        ("ends with $", ("ends with $",)),
        ("$${resources.db.url}", ("${resources.db.url}",)),
        ("$$${resources.db.url}", ("$", URL)),
        ("$$$${x}", ("$${x}",)),
        ("${unclosed", ("${unclosed",)),
        ("}${metadata.name}{", ("}", Reference(path=("metadata", "name")), "{")),
        (
            r"${metadata.annotations.acme\.com/tier}",
            (Reference(path=("metadata", "annotations", "acme.com/tier")),),
        ),
        ("${resources}", (Reference(path=("resources",)),)),
    ],
)
def test_a_text_is_literals_and_references(text: str, template: Template) -> None:
    assert parse_template(text) == template


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("${}", "its root '' is unknown"),
        ("${foo.bar}", "its root 'foo' is unknown; the roots are 'metadata' and 'resources'"),
        ("${resources..url}", "it has an empty part"),
        ("${resources.db.}", "it has an empty part"),
        ("${ resources.db.url }", "its root ' resources' is unknown"),
    ],
)
def test_a_placeholder_that_refers_to_nothing_is_refused(text: str, why: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_template(text)
    assert refused.value.code == "SCORE-PLACEHOLDER"
    assert refused.value.why.startswith(why)


def test_a_reference_is_written_as_it_was_read() -> None:
    text = r"metadata.annotations.acme\.com/tier"
    (reference,) = parse_template(f"${{{text}}}")
    assert str(reference) == text


def test_references_are_found_in_all_values_and_no_keys() -> None:
    value: JsonObject = {
        "${foo}": ["${resources.a.x}", {"k": "${resources.b.y} ${metadata.name}"}, 5, None]
    }
    assert [str(reference) for reference in list_references(value)] == [
        "resources.a.x",
        "resources.b.y",
        "metadata.name",
    ]
