"""Histories of services, by what happened in them.

Belongs here: histories as data, and `ALL` of them. Never here: merging.
"""

from tests.integration.upgrade.histories import forms, lines, names, presence
from tests.integration.upgrade.history import History

ALL: tuple[History, ...] = (
    *lines.HISTORIES,
    *names.HISTORIES,
    *presence.HISTORIES,
    *forms.HISTORIES,
)
