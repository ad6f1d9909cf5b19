"""What a text of a template uses and defines, found without rendering it.

Belongs here: one text. Never here: what that means for the whole template (`check`).
Start at `parse_source`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from jinja2 import Environment, meta, nodes

# What `worker` gives templates of Copier's configuration.
_CONF_KNOWN = frozenset({"answers_file", "sep", "os"})
_GUARDS = frozenset({"default", "d", "defined", "undefined"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """`free` are variables that must come from outside, with the line of the first use.

    `used` are all names that it reads, `set_names` those that it sets, for what it includes too.
    `references` are the templates that it names and cannot do without.
    """

    free: Mapping[str, int]
    used: frozenset[str]
    set_names: frozenset[str]
    references: tuple[tuple[str, int], ...]


def parse_source(text: str, environment: Environment) -> Source:
    """Return what `text` uses.

    Raises:
        TemplateSyntaxError: it is none of Jinja's, or names unknown filters.
    """
    environment.compile(text)
    tree = environment.parse(text)
    undeclared = meta.find_undeclared_variables(tree) - set(environment.globals)
    guarded, tested = _find_guarded(tree)
    free: dict[str, int] = {}
    used: set[str] = set(undeclared)
    set_names: set[str] = set()
    for name in tree.find_all(nodes.Name):
        if name.ctx != "load":
            set_names.add(name.name)
        elif name.name in undeclared and id(name) not in guarded and name.name not in tested:
            free.setdefault(name.name, name.lineno)
    for attribute in tree.find_all(nodes.Getattr):
        match attribute:
            case nodes.Getattr(node=nodes.Name(name="_copier_conf"), attr=str(key)):
                if key not in _CONF_KNOWN:
                    free.setdefault(f"_copier_conf.{key}", attribute.lineno)
    used |= set(_list_answers_read(tree))
    return Source(
        free=free,
        used=frozenset(used),
        set_names=frozenset(set_names),
        references=tuple(_list_references(tree)),
    )


def _find_guarded(tree: nodes.Template) -> tuple[set[int], set[str]]:
    """Return uses that may be undefined, and names that the text tests by `is defined`."""
    guarded: set[int] = set()
    tested: set[str] = set()
    for node in tree.find_all((nodes.Filter, nodes.Test)):
        if node.name in _GUARDS and isinstance(node.node, nodes.Name):
            guarded.add(id(node.node))
            if isinstance(node, nodes.Test):
                tested.add(node.node.name)
    return guarded, tested


def _list_answers_read(tree: nodes.Template) -> Iterator[str]:
    """Yield the answers that are read by way of `_copier_answers`."""
    for node in tree.find_all((nodes.Getattr, nodes.Getitem)):
        match node:
            case nodes.Getattr(node=nodes.Name(name="_copier_answers"), attr=str(name)):
                yield name
            case nodes.Getitem(
                node=nodes.Name(name="_copier_answers"), arg=nodes.Const(value=name)
            ):
                yield str(name)


def _list_references(tree: nodes.Template) -> Iterator[tuple[str, int]]:
    for node in tree.find_all(nodes.Stmt):
        match node:
            case nodes.Include(ignore_missing=True):
                continue
            case nodes.Include(template=nodes.Const(value=str(name))):
                yield name, node.lineno
            case nodes.Import(template=nodes.Const(value=str(name))):
                yield name, node.lineno
            case nodes.FromImport(template=nodes.Const(value=str(name))):
                yield name, node.lineno
            case nodes.Extends(template=nodes.Const(value=str(name))):
                yield name, node.lineno
