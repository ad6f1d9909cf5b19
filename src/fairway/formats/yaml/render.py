"""Values to YAML: block style, keys in their order, the same bytes every time.

Belongs here: the style. Never here: comments, which need the original text. Start at
`render_documents`.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from fairway.kits.canonical import JsonObject

# Text of several lines that libyaml writes as a literal block and everybody reads back alike.
_BLOCK = re.compile(
    r"(?:\S[^\n\t\x85\u2028\u2029\ufeff]*(?<! )\n)+(?:\S[^\n\t\x85\u2028\u2029\ufeff]*(?<! ))?"
)
# Plain text that YAML 1.2 reads as something else, beyond what YAML 1.1 does.
_AMBIGUOUS = re.compile(r"(?:[-+]?[.0-9]|~|null|true|false|<<|=|[yYnN]$)", re.IGNORECASE)
_STRING_TAG = "tag:yaml.org,2002:str"


class _Dumper(yaml.CSafeDumper):
    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the signature is PyYAML's
        return True


def _represent_string(dumper: Any, text: str) -> Any:
    style = None
    if "\n" in text:
        style = "|" if _BLOCK.fullmatch(text) else '"'
    elif _AMBIGUOUS.match(text):
        style = '"'
    return dumper.represent_scalar(_STRING_TAG, text, style)


_Dumper.add_representer(str, _represent_string)
_Dumper.add_multi_representer(
    Mapping,  # type: ignore[type-abstract] # PyYAML compares classes, it makes none
    lambda dumper, value: dumper.represent_dict(value.items()),
)
_Dumper.add_multi_representer(tuple, lambda dumper, value: dumper.represent_list(value))


def render_documents(values: Iterable[JsonObject]) -> bytes:
    """Return the values as the documents of one file; parsing it gives them back.

    Example:
        >>> render_documents([{"a": ["no", 1]}, {"b": {}}])
        b'a:\\n- "no"\\n- 1\\n---\\nb: {}\\n'
    """
    return "---\n".join(
        yaml.dump(
            value,
            Dumper=_Dumper,
            allow_unicode=True,
            default_flow_style=False,
            sort_keys=False,
            width=2**31 - 1,
        )
        for value in values
    ).encode()
