"""What runs where.

Belongs here: `fairway status`.
"""

from collections.abc import Iterator
from datetime import datetime

import click

from fairway.cli.answer import Answer
from fairway.cli.views import text
from fairway.kits import quantity

_COLORS = {
    "ready": "green",
    "degraded": "yellow",
    "progressing": "yellow",
    "failed": "red",
    "pending": "yellow",
}
_SUBJECT_WIDTH = 40
_WORDS = {"progressing": "rolling"}


def render(component: Answer, now: datetime | None, *, is_verbose: bool = False) -> Iterator[str]:
    """Yield a component's line and one line for each environment."""
    head = [click.style(component.text("component"), bold=True)]
    head += [
        f"{label} {component.text(label)}"
        for label in ("owner", "system", "path")
        if component.text(label)
    ]
    yield "   ".join(head)
    yield from _render_push(component.at("push"))
    environments = component.items("environments")
    lines = text.align((_make_row(item, now) for item in environments), gap=3, indent=2)
    for environment, line in zip(environments, lines, strict=True):
        yield line
        yield from _render_trouble(environment)
        if is_verbose:
            yield from _render_instances(environment, now)


def _render_push(push: Answer) -> Iterator[str]:
    """Yield how far the newest push is, unless all of it went well."""
    for status in push.items("statuses"):
        state = status.text("state")
        if state != "success":
            commit = f"{push.text('branch')} {push.text('commit')[:7]}"
            said = click.style(f"{status.text('context')} {state}", fg=_COLORS.get(state, "red"))
            yield f"  {commit}   {said}: {status.text('text')}"


def _make_row(status: Answer, now: datetime | None) -> tuple[str, ...]:
    release = status.at("release")
    name = status.text("environment")
    if not release:
        return (name, text.NOTHING, *_render_run(status))
    commit = release.at("commit")
    subject = commit.text("subject")
    if len(subject) > _SUBJECT_WIDTH:
        subject = f"{subject[: _SUBJECT_WIDTH - 1]}…"
    said = f'{text.render_commit(commit)} "{subject}"' if subject else text.render_commit(commit)
    moment = text.render_moment(status.text("updatedAt"), now)
    rest = [*status.texts("urls"), status.text("behind"), *_render_run(status)]
    return (
        name,
        f"release {release.text('number')}",
        _render_workload(status.at("workload")),
        said,
        f"{moment} by {status.text('author')}",
        "   ".join(part for part in rest if part),
    )


def _render_workload(workload: Answer) -> str:
    if not workload:
        return click.style("unknown", fg="yellow")
    phase = workload.text("phase")
    word = f"{_WORDS.get(phase, phase)} {workload.text('ready')}/{workload.text('desired')}"
    return click.style(word, fg=_COLORS.get(phase))


def _render_run(status: Answer) -> Iterator[str]:
    run = status.at("run")
    if run:
        yield f"run {run.text('id')} ({run.text('kind')}) {run.text('state')}"


def _render_trouble(status: Answer) -> Iterator[str]:
    workload = status.at("workload")
    if status.text("problem"):
        yield click.style(f"      {status.text('problem')}", fg="red")
    if workload.text("phase") in ("degraded", "failed"):
        if workload.text("reason"):
            yield click.style(f"      {workload.text('reason')}", fg="red")
        yield from (f"        {line}" for line in workload.texts("lastLines")[-3:])


def _render_instances(status: Answer, now: datetime | None) -> Iterator[str]:
    rows = []
    for instance in status.at("workload").items("instances"):
        restarts = instance.number("restarts") or 0
        rows.append(
            (
                instance.text("name"),
                f"release {instance.text('release')}",
                "ready" if instance.flag("isReady") else instance.text("phase"),
                text.count(restarts, "restart") if restarts else "",
                quantity.render_bytes(instance.number("memoryBytes") or 0),
                text.render_moment(instance.text("startedAt"), now),
                instance.text("reason"),
            )
        )
    yield from text.align(rows, indent=6)
