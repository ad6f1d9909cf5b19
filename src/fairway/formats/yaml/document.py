"""Files to documents: split, limited, read the fast way where that is safe.

Belongs here: what a file is and which way reads a document. Never here: the rules of YAML
(`node` and `scalar` beside this file). Start at `parse_documents`.

Two readers give equal values. `ryaml` is some ten times faster, but it knows neither merge keys
nor places and differs from the core schema in a few scalars; whatever it may get wrong, refuses
or could be abused with goes to `compose_node`, which decides.
"""

import json
import math
import re
from collections.abc import Iterator
from typing import cast

import ryaml

from fairway.formats.yaml import scalar
from fairway.formats.yaml.node import MAX_DEPTH, Node, compose_node
from fairway.kits import canonical
from fairway.kits.canonical import JsonObject, JsonValue
from fairway.kits.errors import InvalidDocuments, Location, Refused

Path = tuple[str | int, ...]
MAX_FILE_BYTES = 10 * 2**20
MAX_DOCUMENT_BYTES = 2**20
MAX_FAST_BRACKETS = 1000

# At the start of a line nothing else than a marker can look so, not even in a block of text.
_MARKER = re.compile(r"^(?:---|\.\.\.)(?=[ \t\n]|\Z)", re.MULTILINE)
_PREAMBLE = re.compile(r"(?:[ \t]*(?:#[^\n]*)?(?:\n|\Z)|%[^\n]*(?:\n|\Z))*")
# What ryaml may read otherwise than the core schema does, by where a value may start: anchors,
# aliases, tags, merge keys, some notations of integers; and numbers that may be out of range,
# and byte order marks. Patterns that each start with a set of characters take half the time of one.
_RISKY = tuple(
    re.compile(pattern)
    for pattern in (
        r"[\s\[{,](?:[&*!]|<<|[-+]?0[0-9b]|[-+]0[xo])",
        r"""["'\]}]:(?:[&*!]|<<|[-+]?0[0-9b]|[-+]0[xo])""",
        r"[0-9.](?:[eE]\+?[0-9]{3}|[0-9]{19})",
        "\ufeff",
    )
)
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class Document:
    """A mapping read from a file, and where each of its members is.

    `value` is never changed. Places are found when first asked for.
    """

    __slots__ = ("_first_line", "_node", "_text", "file", "value")

    def __init__(
        self, value: JsonObject, *, file: str, text: str | None = None, first_line: int = 1
    ) -> None:
        self.value = value
        self.file = file
        self._text = text
        self._first_line = first_line
        self._node: Node | None = None

    def __repr__(self) -> str:
        return f"Document({self.file}:{self._first_line})"

    def with_value(self, value: JsonObject) -> "Document":
        """Return the same document, with the same places, that says `value`."""
        return Document(value, file=self.file, text=self._text, first_line=self._first_line)

    def find_node(self) -> Node | None:
        """Return the tree with the place of each member, None when there is no text."""
        if self._node is None and self._text is not None:
            try:
                self._node = compose_node(self._text, file=self.file, first_line=self._first_line)
            except Refused:
                # JSON may hold what YAML's readers refuse; then the file is all that is known.
                self._text = None
        return self._node

    def get_location(self, path: Path = ()) -> Location:
        """Return where the member at `path` starts, or the nearest above it that exists."""
        node = self.find_node()
        if node is None:
            return Location(file=self.file)
        found = node.find(path)
        return Location(file=self.file, line=found.line, column=found.column)


def make_document(value: JsonObject, *, file: str) -> Document:
    """Return a document that was not read from text; its places are the file alone."""
    return Document(value, file=file)


def parse_documents(
    content: bytes,
    *,
    file: str,
    max_document_bytes: int = MAX_DOCUMENT_BYTES,
    max_file_bytes: int = MAX_FILE_BYTES,
) -> tuple[Document, ...]:
    """Return the documents of a file in order; empty ones are left out.

    Values follow the core schema of YAML 1.2 (so `no` is a string), with the merge keys of 1.1.
    Every document is a mapping with string keys and finite numbers.

    Raises:
        InvalidDocuments: with one problem per document that cannot be read. Their codes are
            YAML-INVALID, YAML-DUPLICATE-KEY, YAML-ALIASES, YAML-TAG, YAML-TOO-LARGE and
            YAML-ENCODING.

    Example:
        >>> [document.value for document in parse_documents(b"a: no\\n---\\nb: 1", file="x")]
        [{'a': 'no'}, {'b': 1}]
    """
    documents, problems = read_documents(
        content,
        file=file,
        max_document_bytes=max_document_bytes,
        max_file_bytes=max_file_bytes,
    )
    if problems:
        raise InvalidDocuments(problems)
    return documents


def read_documents(
    content: bytes,
    *,
    file: str,
    max_document_bytes: int = MAX_DOCUMENT_BYTES,
    max_file_bytes: int = MAX_FILE_BYTES,
) -> tuple[tuple[Document, ...], tuple[Refused, ...]]:
    """Return the documents that can be read, and one problem for each that cannot."""
    documents: list[Document] = []
    problems: list[Refused] = []
    try:
        _check_size(len(content), max_file_bytes, Location(file=file))
        text = _decode(content, file)
    except Refused as problem:
        return (), (problem,)
    for chunk, first_line in _split(text):
        try:
            at = Location(file=file, line=first_line)
            # Counting bytes costs a copy, and no character needs more than four.
            if len(chunk) * 4 > max_document_bytes:
                _check_size(len(chunk.encode()), max_document_bytes, at)
            document = _read_document(chunk, file, first_line)
        except Refused as problem:
            problems.append(problem)
        else:
            if document is not None:
                documents.append(document)
    return tuple(documents), tuple(problems)


def _check_size(size: int, limit: int, at: Location) -> None:
    if size > limit:
        raise Refused(
            "YAML-TOO-LARGE",
            what=f"cannot read {at.file}",
            why=f"the {'file' if at.line is None else 'document'} has {size} bytes, "
            f"more than the limit of {limit}",
            fix="split it",
            at=at,
            status=413,
        )


def _decode(content: bytes, file: str) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        is_utf16 = content.startswith(_UTF16_MARKS)
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        raise Refused(
            "YAML-ENCODING",
            what=f"cannot read {file}",
            why="it is UTF-16" if is_utf16 else f"byte 0x{content[error.start]:02x} is not UTF-8",
            fix="save the file as UTF-8",
            at=Location(file=file, line=line, column=column),
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _split(text: str) -> Iterator[tuple[str, int]]:
    """Return the text of each document and the line on which it starts."""
    start, line = 0, 1
    for marker in _MARKER.finditer(text):
        # A document starts with its `---`; `...` belongs to none.
        end = marker.start()
        next_start = end if marker.group() == "---" else marker.end()
        chunk = text[start:end]
        if not _PREAMBLE.fullmatch(chunk):
            yield chunk, line
        line += text.count("\n", start, next_start)
        start = next_start
    chunk = text[start:]
    if not _PREAMBLE.fullmatch(chunk):
        yield chunk, line


def _read_document(text: str, file: str, first_line: int) -> Document | None:
    value = _read_fast(text)
    if not isinstance(value, dict):
        node = compose_node(text, file=file, first_line=first_line)
        value = node.value
        if value is None:
            return None
        if not isinstance(value, dict):
            raise Refused(
                "YAML-INVALID",
                what=f"cannot read {file}",
                why="a document is a mapping, and this is "
                + ("a list" if isinstance(value, list) else "a single value"),
                fix="write the document as keys and values",
                at=Location(file=file, line=node.line, column=node.column),
            )
    return Document(cast("JsonObject", value), file=file, text=text, first_line=first_line)


def _read_fast(text: str) -> JsonValue:
    """Return the value if it is certain to be right, else None."""
    if text.lstrip().startswith("{") and (value := _read_json(text)) is not None:
        return value
    # Both readers need time that is quadratic in the depth of brackets, and only the careful one
    # stops when they are too deep.
    if text.count("[") + text.count("{") > MAX_FAST_BRACKETS:
        return None
    # The line break makes the start of the text a place where a value may start.
    searched = f"\n{text}"
    if any(risk.search(searched) for risk in _RISKY):
        return None
    try:
        value = cast("JsonValue", ryaml.loads(text))  # type: ignore[attr-defined] # its stub lacks __all__
    except ValueError:
        return None
    return value if _is_json(value, MAX_DEPTH) else None


def _read_json(text: str) -> JsonValue:
    """Return the value if `text` is JSON, which means the same as YAML, else None.

    YAML's readers know no surrogate pairs, by which many programs write emoji into JSON.
    """
    try:
        value = cast(
            "JsonValue",
            json.loads(text, object_pairs_hook=_make_object, parse_int=scalar.parse_scalar),
        )
        if "\\u" in text:
            # Half a surrogate pair is no character: no UTF-8 can be made of it.
            canonical.render_canonical(value)
    except (ValueError, RecursionError):
        return None
    return value if _is_json(value, MAX_DEPTH) else None


def _make_object(pairs: list[tuple[str, JsonValue]]) -> JsonObject:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a key is there twice")
    return made


def _is_json(value: JsonValue, depth: int) -> bool:
    if depth == 0:
        return False
    if isinstance(value, dict):
        for key, item in value.items():
            if type(key) is not str:
                return False
            if type(item) is not str and not _is_json(item, depth - 1):
                return False
        return True
    if isinstance(value, list):
        return all(type(item) is str or _is_json(item, depth - 1) for item in value)
    return not isinstance(value, float) or math.isfinite(value)
