"""Naming an entity on the command line.

Belongs here: `KIND NAME`, `kind:namespace/name` and what is between.
"""

import click

from fairway.cli.client import make_path
from fairway.core.catalog import ref as refs


def make_entity_path(subject: str, name: str | None) -> str:
    """Return the API's path of the entity that `KIND NAME` or a ref names.

    Example:
        >>> make_entity_path("environment", "prod")
        '/entities/environment/default/prod'
        >>> make_entity_path("group:shop", None)
        '/entities/group/default/shop'
    """
    if name is None and ":" not in subject:
        raise click.UsageError(f"Which {subject}? Write KIND NAME, or kind:namespace/name.")
    text = subject if name is None else name
    ref = refs.parse_entity_ref(text, default_kind=None if name is None else subject)
    return make_path("entities", ref.kind.lower(), ref.namespace, ref.name)
