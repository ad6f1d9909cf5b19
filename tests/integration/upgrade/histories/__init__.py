"""Histories of services, by what happened in them.

Belongs here: histories as data, and `ALL` of them. Never here: merging.
"""

from tests.integration.upgrade.histories import forms, lines, names, presence

ALL = (*lines.HISTORIES, *names.HISTORIES, *presence.HISTORIES, *forms.HISTORIES)
