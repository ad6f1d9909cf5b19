"""The story of a run as it happens, one line per thing that took time.

Belongs here: turning a run's events into lines; a step is told once. Never here: waiting for
events (`fairway.cli.follow`). Start at `RunStory.tell`.
"""

from collections.abc import Callable, Iterator
from datetime import datetime

import click

from fairway.cli.answer import Answer
from fairway.cli.client import Event
from fairway.cli.views import plan as plan_view
from fairway.cli.views import text
from fairway.kits import digest

_DETAILS_WIDTH = 56
_SHORTEST_SECONDS = 0.05
_ACTIVITIES = {
    "build": "building {}",
    "release": "releasing {}",
    "plan": "planning {}",
    "approve": "waiting for approval",
    "apply": "applying {}",
    "delete": "removing {}",
    "gate": "waiting until {} is ready",
    "rotate": "rotating {}",
    "backup": "backing up {}",
    "upgrade-render": "rendering {}",
    "upgrade": "merging and building {}",
}
# What `tell` does not show when it went well: its effect is in the lines of others.
_QUIET = frozenset({"release", "claim", "settle", "approve", "upgrade-render", "upgrade-report"})
_PHASES = {
    "build": "build",
    "release": "build",
    "plan": "plan",
    "approve": "approve",
    "rotate": "rotate",
    "backup": "backup",
    "upgrade": "upgrade",
}


class RunStory:
    """Lines for a run's events.

    `look_up` asks the API for what an event does not say. `activity` is what happens now, for a
    terminal. `is_planned` is set when the plan is known, `is_waiting` while people are needed.
    """

    def __init__(
        self, component: str, look_up: Callable[[str], Answer], *, is_verbose: bool = False
    ) -> None:
        self.activity = ""
        self.is_planned = False
        self.is_waiting = False
        self._component = component
        self._look_up = look_up
        self._is_verbose = is_verbose
        self._phase = ""
        self._began_at = ""
        self._build_times: dict[str, str] = {}
        self._name_width = 0
        self._is_returning = False

    def tell(self, run: int, event: Event) -> Iterator[str]:
        """Yield the lines that an event of `run` is worth."""
        match event.kind:
            case "log":
                yield from self._tell_log(event.data)
            case "step":
                yield from self._tell_step(run, event.data)

    def _tell_log(self, data: Answer) -> Iterator[str]:
        for line in data.texts("lines"):
            name, separator, _ = line.partition(": ")
            if separator and name.isalpha():
                self._build_times.setdefault(name, data.text("at"))
            self.activity = line
            if self._is_verbose:
                yield click.style(f"            {line}", dim=True)

    def _tell_step(self, run: int, step: Answer) -> Iterator[str]:
        match step.text("state"):
            case "succeeded":
                self.activity = ""
                yield from self._tell_success(run, step)
            case "failed":
                failure = step.at("failure")
                said = failure.text("why").replace(": ", "   ", 1).partition("\n")[0]
                yield self._make_line(step, click.style(said, fg="red"))
            case "cancelled" | "skipped":
                if self._is_verbose and step.text("kind") not in _QUIET:
                    yield self._make_line(step, step.text("state"))
            case _:
                self._note_activity(step)

    def _note_activity(self, step: Answer) -> None:
        """Remember what happens now: a step that runs, or waits for `text`."""
        kind = step.text("kind")
        if kind == "build":
            self._began_at = step.text("at")
        if kind in _ACTIVITIES:
            said = _ACTIVITIES[kind].format(self._get_name(step))
            self.activity = f"{said}   {step.text('text')}".strip()

    def _tell_success(self, run: int, step: Answer) -> Iterator[str]:
        match step.text("kind"):
            case "build":
                yield self._make_line(step, self._describe_build(run, step))
            case "plan":
                yield from self._tell_plan(run, step)
            case "approve":
                self.is_waiting = False
                is_first, self._phase = self._phase != "approve", "approve"
                yield _join("approve" if is_first else "", step.text("text"), step)
            case "apply" if step.text("name").startswith("workload/"):
                pass  # the gate says how it went
            case "settle" if step.text("text"):
                self._is_returning = True
                self.activity = step.text("text")
            case kind if kind not in _QUIET:
                yield self._make_line(step, step.text("text") or _PAST.get(kind, ""))

    def _describe_build(self, run: int, step: Answer) -> str:
        about = self._look_up(f"/runs/{run}")
        parts = []
        if "dependencies" in self._build_times:
            seconds = self._measure_dependencies(step.text("at"))
            parts.append(f"dependencies {text.render_seconds(seconds)}")
        parts.append(step.text("text"))
        artifact = text.shorten_digest(about.at("output").text("artifact"))
        parts += [f"bundle {artifact}"] if artifact else []
        commit = text.render_commit(about.at("input").at("commit"))
        return f"{commit}   {' · '.join(part for part in parts if part)}"

    def _measure_dependencies(self, ended_at: str) -> float:
        following = self._build_times.get("tests") or self._build_times.get("bundle") or ended_at
        began_at = self._began_at or self._build_times["dependencies"]
        return (_parse(following) - _parse(began_at)).total_seconds()

    def _tell_plan(self, run: int, step: Answer) -> Iterator[str]:
        about = self._look_up(f"/runs/{run}")
        name = about.at("output").text("plan")
        plan = self._look_up(f"/plans/{name}")
        names = [text.shorten_node(item.text("node"), self._component)
                 for item in plan.items("steps") if item.text("action") != "keep"]  # fmt: skip
        self._name_width = max((len(item) for item in names), default=0)
        self._phase = "plan"
        yield _join("plan", f"{plan_view.render_short(plan)}   {digest.shorten(name)}", step)
        yield from plan_view.render_findings(plan, indent=12)
        self.is_planned = True
        waits = any(
            item.text("kind") == "approve" and item.text("state") != "succeeded"
            for item in about.items("steps")
        )
        if waits and about.text("state") not in ("succeeded", "failed", "cancelled"):
            yield from self._tell_approval(plan)

    def _tell_approval(self, plan: Answer) -> Iterator[str]:
        self.is_waiting = True
        self._phase = "approve"
        environment = plan.text("environment")
        found = self._look_up(f"/entities/environment/default/{environment}")
        rule = found.at("entity").at("spec").at("approval")
        who = " or ".join(rule.texts("from"))
        author = ", not its author" if rule.data.get("notAuthor") is not False else ""
        needed = text.count(rule.number("required") or 1, "approval")
        self.activity = "waiting for approval"
        said = f"waits for {needed}{f' of {who}' if who else ''}{author}"
        yield _join("approve", click.style(said, fg="yellow"))
        yield _join("", f"next: fairway approve {digest.shorten(plan.text('digest'))}")

    def _make_line(self, step: Answer, details: str) -> str:
        phase = _PHASES.get(step.text("kind"), "return" if self._is_returning else "apply")
        is_first, self._phase = phase != self._phase, phase
        name = text.pad(self._get_name(step), self._name_width if phase not in _PHASES else 0)
        gap = " " if phase == "build" else "   "
        return _join(phase if is_first else "", f"{name}{gap}{details}", step)

    def _get_name(self, step: Answer) -> str:
        name = step.text("name")
        if step.text("kind") in ("build", "plan", "release"):
            return self._component
        return text.shorten_node(name, self._component)


_PAST = {"delete": "deleted", "apply": "done"}


def _parse(moment: str) -> datetime:
    return datetime.fromisoformat(moment)


def _join(phase: str, said: str, step: Answer | None = None) -> str:
    seconds = step.seconds("seconds") if step else None
    is_worth_saying = seconds is not None and seconds >= _SHORTEST_SECONDS
    took = text.render_seconds(seconds or 0) if is_worth_saying else ""
    return f"  {phase:<9} {text.pad(said, _DETAILS_WIDTH)}   {took}".rstrip()
