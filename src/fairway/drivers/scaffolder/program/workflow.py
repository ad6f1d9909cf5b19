"""Running the steps of a template, one after the other.

Belongs here: conditions, loops, what steps know of each other. Never here: what an action does.
Start at `run_steps`.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fairway.drivers.scaffolder.action.table import find_action, refuse
from fairway.drivers.scaffolder.action.task import Inputs, Task
from fairway.drivers.scaffolder.action.text import Texts, explain
from fairway.drivers.template.failure import Failure, Place
from fairway.formats.scaffolder.expression import is_fulfilled, resolve
from fairway.formats.scaffolder.nunjucks import UNDEFINED, NunjucksError
from fairway.formats.scaffolder.nunjucks.value import list_keys
from fairway.formats.scaffolder.template import Step, Template
from fairway.formats.yaml import Path

Context = dict[str, Any]
_LOOPS = 1000


def locate(template: Template, path: Path) -> Place:
    at = template.locate(path)
    return Place(file=at.file, line=at.line or 0)


def run_steps(
    template: Template,
    task: Task,
    context: Context,
    *,
    texts: Texts,
    note: Callable[[Place], None],
) -> dict[str, Any]:
    """Run all steps, and return what the template's output says.

    Raises:
        Failure: TEMPLATE-….
    """
    runner = _Runner(template, task, texts)
    known: Context = {**context, "steps": {}}
    for step in template.steps:
        note(locate(template, step.path))
        runner.run(step, known)
    note(locate(template, ("spec", "output")))
    found = runner.resolve(dict(template.output), known, ("spec", "output"))
    task.finish()
    return {**found, "log": task.log} if task.log else found


class _Runner:
    def __init__(self, template: Template, task: Task, texts: Texts) -> None:
        self._template = template
        self._task = task
        self._texts = texts

    def resolve(self, value: Any, context: Context, path: Path) -> Any:
        def fail(error: NunjucksError, place: Path) -> Failure:
            return explain(error, locate(self._template, place))

        try:
            return resolve(value, context, path=path, fail=fail)
        except (RecursionError, MemoryError) as error:
            limit = "recursion" if isinstance(error, RecursionError) else "memory"
            at = locate(self._template, path)
            raise Failure("TEMPLATE-LIMIT", limit, fix="", at=at) from error

    def run(self, step: Step, context: Context) -> None:
        if not is_fulfilled(self.resolve(step.condition, context, (*step.path, "if"))):
            return
        outputs: dict[str, Any] = {}
        for each in self._list_rounds(step, context):
            made = self._act(step, {**context, **each})
            for name, value in made.items():
                if each:
                    outputs.setdefault(name, []).append(value)
                else:
                    outputs[name] = value
        context["steps"][step.id] = {"output": outputs}

    def _list_rounds(self, step: Step, context: Context) -> Iterator[Context]:
        """Yield what each round of a step knows more than the other steps."""
        if step.each is None:
            yield {}
            return
        path = (*step.path, "each")
        values = self.resolve(step.each, context, path)
        if isinstance(values, list):
            values = {str(number): item for number, item in enumerate(values)}
        if values is UNDEFINED or values is None:
            values = {}
        if not isinstance(values, dict) or len(values) > _LOOPS:
            is_long = isinstance(values, dict)
            raise Failure(
                "TEMPLATE-INVALID",
                f"its 'each' has more than {_LOOPS} items"
                if is_long
                else "its 'each' is neither a list nor a mapping",
                fix="give fewer" if is_long else "give a list, such as ${{ parameters.parts }}",
                at=locate(self._template, path),
            )
        for key in list_keys(values):
            yield {"each": {"key": key, "value": values[key]}}

    def _act(self, step: Step, context: Context) -> Mapping[str, Any]:
        at = locate(self._template, step.path)
        action = find_action(step.action)
        if action is None:
            why, fix = refuse(step.action)
            raise Failure("TEMPLATE-UNSAFE", why, fix=fix, at=at)
        read = {name: value for name, value in step.input.items() if name in action.reads}
        inputs = self.resolve(read, context, (*step.path, "input"))
        try:
            if not action.is_passive:
                self._task.settle()
            return action.run(self._task, Inputs(inputs), self._texts) or {}
        except Failure as failure:
            if not failure.at.file:
                failure.at = at
            raise
