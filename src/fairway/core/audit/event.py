"""An audit event: who changed what to which value, in CloudEvents' vocabulary.

Belongs here: the value. Never here: a secret; `data` is redacted before it is made.
"""

from dataclasses import dataclass, field
from datetime import datetime

from fairway.kits.canonical import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """A fact that is kept for ever.

    `type` is `<noun>.<past tense>` such as `release.created`; `subject` names the thing, such as
    `deployment/dev/orders`. `sequence` is 0 until it is stored, then counts up without reuse.
    """

    type: str
    subject: str
    actor: str
    at: datetime
    data: JsonObject = field(default_factory=dict)
    sequence: int = 0
