"""How upgrades of services and their drift look.

Belongs here: previews, ends of runs, tables of drift. Never here: asking the API.
"""

from collections.abc import Iterator, Mapping

import click

from fairway.cli import failure as failures
from fairway.cli.answer import Answer
from fairway.cli.views import text

_MARKS = {"added": "+", "changed": "~", "removed": "-"}
_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def render_preview(preview: Answer, *, is_verbose: bool) -> Iterator[str]:
    """Yield what an upgrade would change; its diffs too if `is_verbose`."""
    component, path = preview.text("component"), preview.text("path")
    versions = f"{preview.text('fromVersion')} → {preview.text('toVersion')}"
    if not preview.flag("isNeeded"):
        yield f"{component} is up to date with {path} {preview.text('toVersion')}."
        return
    yield f"{component}   {path} {versions}"
    for name, schema in preview.at("newParameters").data.items():
        title = Answer(schema).text("title") or Answer(schema).text("description")
        said = f"? {name} = {preview.at('answers').text(name)}   new"
        yield f"  {said}{f': {title}' if title else ''}"
    for item in preview.items("files"):
        mark = _MARKS.get(item.text("action"), "~")
        yield f"  {mark} {item.text('path')}"
        if is_verbose:
            yield from (f"      {_colour(line)}" for line in item.text("text").splitlines()[2:])
    yield from _render_conflicts(preview)
    yield "Nothing was changed."
    if not is_verbose:
        yield f"  next: fairway path upgrade {component}; with --dry-run -v for every line"


def _colour(line: str) -> str:
    return click.style(line, fg=_COLOURS.get(line[:1]))


def _render_conflicts(found: Answer) -> Iterator[str]:
    for item in found.items("conflicts"):
        yield click.style(f"  ! {_describe(item)}", fg="yellow")
    for item in found.items("notes"):
        yield f"  i {_describe(item)}"


def _describe(item: Answer) -> str:
    return ": ".join(filter(None, (item.text("path"), item.text("text"))))


def render_end(run: Answer, *, seconds: float) -> Iterator[str]:
    """Yield what became of the run of an upgrade, for one service or many."""
    results = run.at("output").at("results")
    took = text.render_seconds(seconds)
    component = run.at("input").text("component")
    if component and results:
        yield from _render_one(component, results.at(component), took)
        return
    if not results and run.at("failure"):
        yield from failures.render_failure(run.at("failure"))
        return
    yield from _render_fleet(run, results.data, took)


def _render_one(component: str, result: Answer, took: str) -> Iterator[str]:
    version, branch = result.text("to"), result.text("branch")
    match result.text("state"):
        case "offered":
            yield f"Offered {component} the upgrade to {version} on {branch} in {took}."
            yield f"  next: fairway path land {component}"
        case "conflicted":
            count = text.count(len(result.items("conflicts")), "place")
            yield f"Offered {component} the upgrade to {version} on {branch}; {count} to resolve:"
            yield from _render_conflicts(result)
            yield f"  next: git fetch && git switch {branch}; resolve, commit, merge it"
        case "up to date":
            yield f"{component} is up to date with {result.text('version')}."
        case "cancelled":
            yield f"Cancelled the upgrade of {component}; nothing was changed."
        case _:
            yield from failures.render_failure(result.at("failure"))


def _render_fleet(run: Answer, results: Mapping[str, object], took: str) -> Iterator[str]:
    counts: dict[str, int] = {}
    for name in results:
        state = run.at("output").at("results").at(name).text("state")
        counts[state] = counts.get(state, 0) + 1
    said = " · ".join(f"{number} {state}" for state, number in sorted(counts.items()))
    path, version = run.at("input").text("path"), run.at("input").text("to")
    services = text.count(len(results), "service")
    if not results:
        yield f"Every service of {path} is newer than {version}: nothing was changed."
        return
    yield f"{services} of {path} to {version}: {said}, in {took}."
    if counts.get("offered"):
        yield "  next: fairway path land NAME, or merge the branches"


def render_offer(offer: Answer) -> Iterator[str]:
    """Yield that an offer was landed."""
    component, version = offer.text("component"), offer.text("toVersion")
    yield f"Landed {offer.text('path')} {version} in {component} at {offer.text('commit')[:7]}."
    yield f"  follow it: fairway watch {component}"


def render_drift(found: Answer, *, is_verbose: bool) -> Iterator[str]:
    """Yield a row per service; its files too if `is_verbose`."""
    items = found.items("items")
    if not items:
        yield f"No service was made from {found.text('path')} yet."
        yield f"  next: fairway new {found.text('path')} NAME --owner GROUP"
        return
    rows = [("SERVICE", "VERSION", "BEHIND", "CHANGED", "DELETED", "ADDED"), *map(_make_row, items)]
    lines = text.align(rows)
    yield lines[0]
    for item, line in zip(items, lines[1:], strict=True):
        yield line
        if is_verbose:
            yield from _list_files(item)


def _make_row(item: Answer) -> tuple[str, ...]:
    if item.text("problem"):
        counts = (item.text("problem"), "", "")
    else:
        counts = tuple(str(len(item.texts(key))) for key in ("changed", "deleted", "added"))  # type: ignore[assignment]  # three
    behind = item.texts("behind")
    said = f"{text.count(len(behind), 'version')}, to {behind[-1]}" if behind else text.NOTHING
    return item.text("component"), item.text("version"), said, *counts


def _list_files(item: Answer) -> Iterator[str]:
    for key, mark in (("changed", "~"), ("deleted", "-"), ("added", "+")):
        yield from (f"    {mark} {path}" for path in item.texts(key))
