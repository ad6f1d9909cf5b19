"""What a text in Nunjucks uses, found without rendering it.

Belongs here: names, members of names, filters and tests that are used. Never here: whether they
are there. Start at `find_usage`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from fairway.formats.scaffolder.nunjucks import Environment, node
from fairway.formats.scaffolder.nunjucks.builtin import FUNCTIONS
from fairway.formats.scaffolder.nunjucks.predicate import NAMES


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """`names` are members such as `("parameters", "port")` by the line of their first use, as far
    as the text says them; `problems` are why parts cannot be run, by line."""

    names: dict[tuple[str, ...], int]
    problems: tuple[tuple[int, str], ...]


def find_usage(body: node.Body, environment: Environment) -> Usage:
    """Return what `body` uses that it does not set itself."""
    own = set(FUNCTIONS)
    names: dict[tuple[str, ...], int] = {}
    problems: list[tuple[int, str]] = []
    pieces = [piece for top in body for piece in top.walk()]
    for piece in pieces:
        own |= set(_list_set(piece))
    inner = {id(piece.value) for piece in pieces if isinstance(piece, node.Member)}
    for piece in pieces:
        path = _find_path(piece) if id(piece) not in inner else ()
        if path and path[0] not in own:
            names.setdefault(path, piece.line)
        if isinstance(piece, node.Filter) and (why := environment.refuse_filter(piece.name)):
            problems.append((piece.line, why))
        if isinstance(piece, node.Test) and piece.name not in NAMES:
            problems.append((piece.line, f"there is no test '{piece.name}'"))
    return Usage(names=names, problems=tuple(problems))


def _list_set(piece: node.Node) -> Iterator[str]:
    match piece:
        case node.For(_, names, _, _, _):
            yield from (*names, "loop")
        case node.Set(_, names, _):
            yield from names
        case node.Macro(_, name, parameters, defaults, _):
            yield from (name, *parameters, *(key for key, _ in defaults))


def _find_path(piece: node.Node) -> tuple[str, ...]:
    """Return the name and the members that a piece reads; without those that are computed."""
    match piece:
        case node.Name(_, name):
            return (name,)
        case node.Member(_, value, node.Constant(_, str(key))):
            path = _find_path(value)
            return (*path, key) if path else ()
        case node.Member(_, value, _):
            return _find_path(value)
    return ()
