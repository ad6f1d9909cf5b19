"""What a check says.

Belongs here: the value. Never here: checks, which live beside what they check.
"""

from typing import Literal

from msgspec import Struct

Level = Literal["deny", "warn", "info"]


class Finding(Struct, frozen=True, kw_only=True, order=True, rename="camel", omit_defaults=True):
    """One thing that a check found; sorts by place, then code.

    `at` is `file:line:column` or empty. `waivable_by` names who may let a `deny` pass.
    """

    at: str = ""
    code: str
    level: Level
    text: str
    fix: str
    waivable_by: tuple[str, ...] = ()
