"""What a text in Nunjucks is refused for.

Belongs here: the exceptions. Never here: telling people (the callers do).
"""


class NunjucksError(Exception):
    """The text is not Nunjucks, or what it asks for cannot be done; `line` counts from 1."""

    def __init__(self, why: str, *, line: int = 0) -> None:
        super().__init__(why)
        self.why = why
        self.line = line


class NunjucksUnsafe(NunjucksError):
    """The text reaches for the insides of the language that interprets it."""


class NunjucksRange(NunjucksError):
    """The text counts further than any template needs."""
