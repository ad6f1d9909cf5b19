"""The last words on a run: what became of it, why, and what to do.

Belongs here: the end of deploy, build, promote, roll back and removal.
"""

from collections.abc import Iterator

import click

from fairway.cli import failure as failures
from fairway.cli.answer import Answer
from fairway.cli.views import text, upgrade

_MOST_LINES = 8


def render(run: Answer, *, seconds: float) -> Iterator[str]:
    """Yield what became of a run that is over; it took `seconds` as people waited."""
    if run.text("kind") == "upgrade":
        yield from upgrade.render_end(run, seconds=seconds)
        return
    match run.text("state"):
        case "succeeded":
            said, is_change = _render_success(run)
            yield f"{said} in {text.render_seconds(seconds)}." if is_change else said
        case "cancelled":
            yield f"Cancelled run {run.text('id')}: {_render_return(run) or 'nothing was changed'}."
        case _:
            yield from _render_failure(run)


def _render_success(run: Answer) -> tuple[str, bool]:
    """Return the sentence, and whether anything was changed."""
    asked, output = run.at("input"), run.at("output")
    component, environment = asked.text("component"), asked.text("environment")
    release, resource = output.text("release"), f"{component}.{asked.text('resource')}"
    acts = {
        "backup": f"Backed up {resource} to {output.text('file')}",
        "rotate": f"Rotated {resource} in {environment}",
        "path-test": f"Tested {component}: every example was built, deployed and removed",
        "build": f"Built {component} as release {release}{_render_artifact(output)}",
    }
    deliveries = {
        "promote": f"Promoted {component} to {environment} as release {release}",
        "rollback": f"Rolled {component} in {environment} back to release {release}",
    }
    kind = run.text("kind")
    if kind in acts:
        return acts[kind], True
    if kind == "push" and not environment:
        return f"Built and tested {component}", True
    if not release:
        return f"Removed {component} from {environment}", True
    if output.flag("isNoop"):
        said = f"{component} in {environment} is release {release} already: nothing to change."
        return said, False
    deployed = f"Deployed {component} to {environment} as release {release}"
    return deliveries.get(kind, deployed), True


def _render_artifact(output: Answer) -> str:
    made = text.shorten_digest(output.text("artifact"))
    return f" ({made})" if made else ""


def _render_failure(run: Answer) -> Iterator[str]:
    failure = run.at("failure")
    led_back = _render_return(run)
    if not led_back:
        yield from failures.render_failure(failure)
        return
    output = run.at("output")
    if failure.text("code") == "ROLLOUT-FAILED":
        why = f"release {output.text('failedRelease')} never became ready"
    else:
        why = f"{failure.text('what')}: {failure.text('why')}"
    yield click.style(f"{led_back}: {why}.", fg="red")
    if failure.texts("lines"):
        yield "  the last lines of its log:"
        yield from (f"    {line}" for line in failure.texts("lines")[-_MOST_LINES:])
    yield f"  fix: {failure.text('fix')}"


def _render_return(run: Answer) -> str:
    """Return where a failed delivery was led back to, empty when nothing had to be."""
    output, asked = run.at("output"), run.at("input")
    if "returnedTo" not in output.data:
        return ""
    component, environment = asked.text("component"), asked.text("environment")
    release = output.number("returnedTo")
    if release is None:
        return f"Took {component} out of {environment} again"
    return f"Rolled back {component} in {environment} to release {release}"
