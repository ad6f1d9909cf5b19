"""Checking documents without the platform."""

from collections.abc import Iterator

import click
import msgspec

from fairway.cli import documents, failure
from fairway.cli.failure import Quit
from fairway.cli.session import Session, with_session
from fairway.cli.views import text
from fairway.core.finding.finding import Finding
from fairway.formats import document
from fairway.kits.canonical import JsonObject, JsonValue

_COLORS = {"deny": "red", "warn": "yellow", "info": "blue"}
_WORDS = {"deny": "error", "warn": "warn", "info": "info"}


@click.command()
@click.argument("paths", metavar="PATH…", nargs=-1, required=True)
@with_session()
def check(session: Session, paths: tuple[str, ...]) -> None:
    """Check documents, without the platform.

    PATH is a file, a folder or - for standard input, with any mixture of catalog, Score and
    Fairway documents; of a folder, files that say no apiVersion are passed over. Exits with 65
    when one is invalid.
    """
    read = dict(documents.read_files(paths))
    files = {
        name: content
        for name, content in read.items()
        if name in paths or not document.is_foreign(content)
    }
    findings = document.check_documents(files)
    is_valid = not any(finding.level == "deny" for finding in findings)
    said: list[JsonValue] = [msgspec.to_builtins(finding) for finding in findings]
    left = sorted(set(read) - set(files))
    data: JsonObject = {
        "isValid": is_valid,
        "files": len(files),
        "passedOver": left,
        "findings": said,
    }
    session.show(data, lambda: _render(findings, len(files), left))
    if not is_valid:
        raise Quit(failure.INVALID)


def _render(findings: tuple[Finding, ...], files: int, left: list[str]) -> Iterator[str]:
    for finding in findings:
        word = click.style(_WORDS[finding.level], fg=_COLORS[finding.level])
        yield f"{finding.at}: {word} {finding.code}: {finding.text}; fix: {finding.fix}"
    counts = [
        text.count(number, noun)
        for level, noun in (("deny", "error"), ("warn", "warning"))
        if (number := sum(1 for finding in findings if finding.level == level))
    ]
    passed = f", {len(left)} passed over" if left else ""
    yield f"{text.count(files, 'file')} checked{passed}: {', '.join(counts) or 'all well'}."
