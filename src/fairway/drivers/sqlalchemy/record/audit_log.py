"""Audit events, in the order of commit, which is that of their sequence."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from fairway.core.audit.event import AuditEvent
from fairway.drivers.sqlalchemy.schema import audit_events
from fairway.ports.store.audit_log import AuditLog

# The character after `/`: what starts with `deployment/` sorts from there up to `deployment0`.
_AFTER_SLASH = chr(ord("/") + 1)


class SqlAuditLog(AuditLog):
    """The table `audit_events`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def append(self, *events: AuditEvent) -> None:
        rows = [
            {
                "type": event.type,
                "subject": event.subject,
                "actor": event.actor,
                "at": event.at,
                "data": event.data,
            }
            for event in events
        ]
        if rows:
            self._connection.execute(sa.insert(audit_events), rows)

    def list_events(
        self, *, subject: str | None = None, after: int = 0, limit: int = 100
    ) -> tuple[AuditEvent, ...]:
        column = audit_events.c.subject
        query = (
            sa.select(audit_events)
            .where(audit_events.c.sequence > after)
            .order_by(audit_events.c.sequence)
            .limit(limit)
        )
        if subject is not None:
            below = (column > f"{subject}/") & (column < f"{subject}{_AFTER_SLASH}")
            query = query.where((column == subject) | below)
        rows = self._connection.execute(query).mappings()
        return tuple(AuditEvent(**row) for row in rows)
