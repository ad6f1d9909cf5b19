"""A plan: every step with its reasons, what the checks say, and a summary.

Belongs here: `fairway plan`, and the preview of what a removal loses.
"""

from collections.abc import Iterator

import click

from fairway.cli.answer import Answer
from fairway.cli.views import text
from fairway.kits import digest

MARKS = {"create": "+", "update": "~", "replace": "!", "delete": "-", "keep": "=", "unknown": "?"}
COLORS = {"create": "green", "update": "yellow", "replace": "red", "delete": "red"}
_COUNTED = {
    "create": "to create",
    "update": "to update",
    "replace": "to replace",
    "delete": "to delete",
    "unknown": "known later",
    "keep": "unchanged",
}
_LEVELS = {"deny": "red", "warn": "yellow", "info": "blue"}


def render(plan: Answer, *, is_verbose: bool = False) -> Iterator[str]:
    """Yield the plan for people."""
    yield _render_head(plan)
    yield ""
    for step, line in zip(plan.items("steps"), _align_steps(plan), strict=True):
        yield line
        yield from (
            f"               {detail}" for detail in _list_details(step, is_verbose=is_verbose)
        )
    findings = tuple(render_findings(plan))
    if findings:
        yield ""
        yield from findings
    yield _render_summary(plan)


def _render_head(plan: Answer) -> str:
    environment, component = plan.text("environment"), plan.text("component")
    release = plan.number("release")
    base = [
        f"{name.partition('/')[2]}@{revision}"
        for name, revision in sorted(plan.at("base").data.items())
        if name.startswith("environment/")
    ]
    about = "; ".join(
        ["removal" if release is None else f"release {release}", *(f"base {item}" for item in base)]
    )
    name = digest.shorten(plan.text("digest"))
    return f"Plan {name} for {component} in {environment}   ({about})"


def _align_steps(plan: Answer) -> tuple[str, ...]:
    rows = []
    for step in plan.items("steps"):
        action = step.text("action")
        mark = click.style(f"{MARKS.get(action, '?')} {action:<7}", fg=COLORS.get(action))
        reasons = "  ·  ".join(_render_reason(item) for item in step.items("reasons"))
        if step.text("loses"):
            reasons += click.style(f"   LOSES DATA ({step.text('loses')})", fg="red", bold=True)
        rows.append((mark, step.text("node").replace("workload/", "workload "), reasons))
    return text.align(rows, indent=2)


def _render_reason(reason: Answer) -> str:
    said, at = reason.text("text"), reason.text("at")
    return f"{said} ({at})" if at and at not in said else said


def _list_details(step: Answer, *, is_verbose: bool) -> Iterator[str]:
    unknown = {item.text("path"): item.text("after") for item in step.items("unknown")}
    if is_verbose:
        for change in step.items("diff"):
            if change.text("path") not in unknown:
                moved = f"{change.text('before', '-')} → {change.text('after', '-')}"
                yield f"{change.text('path')}   {moved}"
    if is_verbose or step.text("action") != "create":
        yield from (f"{path}   known after {after}" for path, after in sorted(unknown.items()))
    recipe = step.at("recipe")
    if is_verbose and recipe.text("kind") == "resource":
        yield f"provisioner {recipe.text('provisioner')}, driver {recipe.text('driver')}"


def render_findings(plan: Answer, *, indent: int = 2) -> Iterator[str]:
    """Yield what the checks say, denials first."""
    order = list(_LEVELS)
    findings = sorted(
        plan.items("findings"), key=lambda finding: order.index(finding.text("level", "info"))
    )
    blank = " " * indent
    for finding in findings:
        level = finding.text("level")
        at = f" ({finding.text('at')})" if finding.text("at") else ""
        waive = ", ".join(finding.texts("waivableBy"))
        said = f"{finding.text('text')}{at}{f'; waive: {waive}' if waive else ''}"
        yield f"{blank}{click.style(f'{level:<5}', fg=_LEVELS[level])}  {said}"
        if level != "info":
            yield f"{blank}       fix: {finding.text('fix')}"


def _render_summary(plan: Answer) -> str:
    summary = plan.at("summary")
    counts = [f"{summary.number(action)} {word}" for action, word in _COUNTED.items()
              if summary.number(action)]  # fmt: skip
    said = ", ".join(counts) or "nothing"
    if is_noop(plan):
        said = f"Nothing to do: {said}"
    denials = count_denials(plan)
    return f"{said}. Not applicable: {text.count(denials, 'denial')}." if denials else f"{said}."


def is_noop(plan: Answer) -> bool:
    """Return whether applying the plan would change nothing."""
    return all(step.text("action") == "keep" for step in plan.items("steps"))


def count_denials(plan: Answer) -> int:
    """Return how many findings forbid applying the plan."""
    return sum(1 for finding in plan.items("findings") if finding.text("level") == "deny")


def render_short(plan: Answer) -> str:
    """Return the changes in one line, such as `+ postgres db    ~ workload orders`."""
    component = plan.text("component")
    changes = [
        click.style(
            f"{MARKS.get(step.text('action'), '?')} "
            f"{text.describe_node(step.text('node'), component)}",
            fg=COLORS.get(step.text("action")),
        )
        for step in plan.items("steps")
        if step.text("action") != "keep"
    ]
    return "    ".join(changes) or "nothing to change"
