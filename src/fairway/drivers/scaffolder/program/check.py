"""What is wrong with a template, found without running it.

Belongs here: findings on template.yaml. Never here: findings on skeletons (`skeleton`). Start at
`check_template`.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from fairway.drivers.scaffolder.action.publish import CATALOG_FILE
from fairway.drivers.scaffolder.action.table import find_action, refuse
from fairway.drivers.scaffolder.action.task import SECOND, SECOND_FIX
from fairway.drivers.scaffolder.action.text import explain
from fairway.drivers.scaffolder.program.finding import Findings
from fairway.drivers.scaffolder.program.skeleton import check_skeleton
from fairway.drivers.scaffolder.program.source import (
    Source,
    list_read_texts,
    list_step_texts,
    read_source,
)
from fairway.drivers.scaffolder.program.workflow import locate
from fairway.drivers.template.failure import Failure, Place
from fairway.drivers.template.source import check_source, list_paths
from fairway.formats import yaml
from fairway.formats.scaffolder.answer import list_errors
from fairway.formats.scaffolder.expression import ENVIRONMENT
from fairway.formats.scaffolder.golden_path import make_golden_path
from fairway.formats.scaffolder.nunjucks import NunjucksError, parse_text
from fairway.formats.scaffolder.template import Step
from fairway.formats.scaffolder.usage import Usage, find_usage
from fairway.kits import spelling
from fairway.kits.errors import Refused

_DIFFERS = "it differs from one rendering to the next"
_UNKNOWN_HERE: Mapping[str, tuple[str, str]] = {
    "secrets": ("secrets have no value here", "have the service take them from its environment"),
    "context": (_DIFFERS, "do without it"),
    "environment": ("there is no environment of a scaffolder here", "ask for it by a parameter"),
}
_GIVEN = ("name", "owner", "user")


def check_template(root: Path) -> list[dict[str, str]]:
    """Return findings as JSON, sorted by place."""
    findings = Findings()
    for path in list_paths(root):
        try:
            check_source(root, path)
        except Failure as failure:
            findings.deny(failure)
    try:
        source = read_source(root)
    except Failure as failure:
        findings.deny(failure)
        return findings.sort()
    _Check(source, findings).run()
    return findings.sort()


class _Check:
    def __init__(self, source: Source, findings: Findings) -> None:
        self._source = source
        self._template = source.template
        self._findings = findings
        self._used: set[str] = set()
        asked = source.parameters.schema["properties"]
        assert isinstance(asked, dict)
        self._asked = frozenset((*asked, *source.parameters.repo_urls))

    def run(self) -> None:
        self._check_entity()
        self._check_parameters()
        known: list[str] = []
        for step in self._template.steps:
            self._check_action(step)
            for path, text in list_step_texts(step):
                self._check_text(path, text, steps=known, has_each=step.each is not None)
            known.append(step.id)
            if step.action.startswith("fetch:"):
                check_skeleton(self._source, step, self._findings)
        output = dict(self._template.output)
        for path, text in list_read_texts(self._template):
            if output and path[:2] == ("spec", "output"):
                self._check_text(path, text, steps=known, has_each=False)
        self._check_unused()

    def _locate(self, path: yaml.Path) -> Place:
        return locate(self._template, path)

    def _check_entity(self) -> None:
        try:
            make_golden_path(self._template)
        except Refused as refused:
            at = Place(file=refused.at.file, line=refused.at.line or 0) if refused.at else Place()
            self._findings.deny(Failure(refused.code, refused.why, fix=refused.fix, at=at))
        if self._template.entity.spec.get("secrets"):
            self._ignore(("spec", "secrets"), "its secrets are not asked for")
        self._check_published()

    def _check_published(self) -> None:
        steps = [step for step in self._template.steps if step.action.startswith("publish:")]
        if not steps:
            fix = "add a step publish:github, or of another host: all mean the platform"
            self._deny("it publishes no repository", ("spec", "steps"), fix=fix)
        certain = [step for step in steps if step.condition is True and find_action(step.action)]
        for step in certain[1:]:
            self._deny(SECOND, (*step.path, "action"), fix=SECOND_FIX)

    def _deny(self, why: str, path: yaml.Path, *, fix: str) -> None:
        failure = Failure("TEMPLATE-INVALID", why, fix=fix, at=self._locate(path))
        self._findings.deny(failure)

    def _check_parameters(self) -> None:
        schema = dict(self._source.parameters.schema)
        for error in list_errors(schema, {}):
            if error.startswith("its parameters"):
                fix = "write parameters as a JSON Schema"
                self._deny(error, ("spec", "parameters"), fix=fix)
        if self._source.has_user and self._find_parameter("user") != ("spec", "parameters"):
            why = "the parameter 'user' hides who makes the service, which a step reads too"
            self._deny(why, self._find_parameter("user"), fix="rename the parameter")
        for name in sorted(self._source.parameters.secrets):
            self._ignore(self._find_parameter(name), f"the secret '{name}' is not asked for")

    def _ignore(self, path: yaml.Path, text: str) -> None:
        fix = "have the service take secrets from its environment"
        self._findings.warn("TEMPLATE-IGNORED", text, at=self._locate(path), fix=fix)

    def _check_action(self, step: Step) -> None:
        action = find_action(step.action)
        if action is None:
            why, fix = refuse(step.action)
            at = self._locate((*step.path, "action"))
            failure = Failure("TEMPLATE-UNSAFE", why, fix=fix, at=at)
            # One that has a condition may never come to be run.
            self._findings.deny(failure, level="deny" if step.condition is True else "warn")

        file = step.input.get("catalogInfoPath", CATALOG_FILE)
        if step.action == "catalog:register" and file != CATALOG_FILE:
            self._findings.warn(
                "TEMPLATE-IGNORED",
                f"the platform reads entities from {CATALOG_FILE}, not from '{file}'",
                at=self._locate((*step.path, "input", "catalogInfoPath")),
                fix=f"name the file {CATALOG_FILE}, or name it in a Location there",
            )

    def _check_text(self, path: yaml.Path, text: str, *, steps: list[str], has_each: bool) -> None:
        at = self._locate(path)
        try:
            usage = find_usage(parse_text(text), ENVIRONMENT)
        except NunjucksError as error:
            self._findings.deny(explain(error, at))
            return
        for _, why in usage.problems:
            self._findings.deny(explain(NunjucksError(why), at))
        self._check_names(usage, at, steps=steps, has_each=has_each)

    def _check_names(self, usage: Usage, at: Place, *, steps: list[str], has_each: bool) -> None:
        for root, *members in usage.names:
            member = members[0] if members else ""
            if root in _UNKNOWN_HERE:
                why, fix = _UNKNOWN_HERE[root]
                self._findings.deny(
                    Failure("TEMPLATE-UNSAFE", f"it reads '{root}': {why}", fix=fix, at=at)
                )
            elif root == "parameters":
                self._used |= {member} if member else self._asked
                if member and member not in self._asked:
                    meant = spelling.suggest(member, self._asked)
                    fix = f"write '{meant}'" if meant else f"add a parameter '{member}'"
                    self._findings.warn_undefined(f"parameters.{member}", at, fix=fix)
            elif root == "steps":
                if member and member not in steps:
                    fix = "name a step that is run before"
                    self._findings.warn_undefined(f"steps.{member}", at, fix=fix)
            elif not (root == "user" or (root == "each" and has_each)):
                fix = "read parameters, steps, user, or each in a step that has it"
                self._findings.warn_undefined(root, at, fix=fix)

    def _check_unused(self) -> None:
        conditions = set(_list_conditions(self._source.parameters.schema))
        for name in sorted(self._asked - self._used - conditions - set(_GIVEN)):
            self._findings.warn(
                "TEMPLATE-UNUSED",
                f"nothing reads the parameter '{name}'",
                at=self._locate(self._find_parameter(name)),
                fix="read it in a step, or remove it",
            )

    def _find_parameter(self, name: str) -> yaml.Path:
        for page in self._template.pages:
            properties = page.schema.get("properties")
            if isinstance(properties, dict) and name in properties:
                return (*page.path, "properties", name)
        return ("spec", "parameters")


def _list_conditions(schema: object, *, is_inner: bool = False) -> Iterator[str]:
    """Yield the names on whose answers other parameters depend."""
    if isinstance(schema, list):
        for item in schema:
            yield from _list_conditions(item, is_inner=is_inner)
    if not isinstance(schema, dict):
        return
    if is_inner and isinstance(schema.get("properties"), dict):
        yield from (name for name, item in schema["properties"].items() if _is_fixed(item))
    for key in ("allOf", "anyOf", "oneOf", "if", "then", "else"):
        yield from _list_conditions(schema.get(key), is_inner=True)
    for key in ("dependentSchemas", "dependentRequired"):
        found = schema.get(key)
        if isinstance(found, dict):
            yield from found
            yield from _list_conditions(list(found.values()), is_inner=True)


def _is_fixed(schema: object) -> bool:
    return isinstance(schema, dict) and bool({"const", "enum"} & schema.keys())
