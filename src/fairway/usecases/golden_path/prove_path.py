"""Checking and proving templates of golden paths before anybody uses them.

Belongs here: what a template in a folder or a published version is held to. Start at
`prove_path`.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fairway.core.catalog.entity import Entity
from fairway.core.definition.definition import Environment
from fairway.core.finding.finding import Finding, Level
from fairway.core.golden_path import parameters
from fairway.core.run.run import Run
from fairway.formats import source_archive
from fairway.kits.canonical import JsonObject, JsonValue
from fairway.kits.digest import Digest
from fairway.kits.errors import InvalidDocuments, Refused
from fairway.runtime.step import StepSpec
from fairway.usecases.delivery import add_run, planning
from fairway.usecases.golden_path import path_document
from fairway.usecases.golden_path.path_document import PATH_FILE
from fairway.usecases.golden_path.scaffold_component import find_version
from fairway.usecases.golden_path.steps import example_step
from fairway.usecases.platform import Actor, Platform
from fairway.usecases.source import archive_commit

_MOST_NAME = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class _Template:
    """A template that was read: its GoldenPath and the whole of its parameters."""

    entity: Entity
    parameters: JsonObject


def archive_version(platform: Platform, path: str, version: str = "") -> Digest:
    """Return the source archive of a published version's template, the newest's if empty.

    Raises:
        Refused: PATH-UNKNOWN, PATH-VERSION-UNKNOWN.
    """
    with platform.store.read() as tx:
        chosen = find_version(tx, path, version)
    return archive_commit.archive_commit(platform, chosen.repository, chosen.commit)


def check_template(platform: Platform, source: Digest) -> tuple[Finding, ...]:
    """Return what is wrong with the template in an uploaded source archive; changes nothing.

    Raises:
        Refused: SOURCE-UNKNOWN.
    """
    with _unpacked(platform, source) as folder:
        findings = list(platform.renderer.check(folder))
        if any(finding.level == "deny" for finding in findings):
            return tuple(findings)
        try:
            template = _read_template(platform, folder)
        except InvalidDocuments as refused:
            return (*findings, *(_make_finding(problem) for problem in refused.problems))
        except Refused as problem:
            return (*findings, _make_finding(problem))
    # One that is implied has to be right only when it is tested.
    level: Level = "deny" if template.entity.spec.get("examples") else "warn"
    for name, answers in _list_examples(template.entity):
        for error in platform.schemas.list_errors(template.parameters, answers):
            findings.append(
                Finding(
                    code="PATH-EXAMPLE",
                    level=level,
                    text=f"example '{name}': {error}",
                    fix=f"correct the example's answers in {PATH_FILE}",
                    at=PATH_FILE,
                )
            )
    return tuple(findings)


def prove_path(platform: Platform, actor: Actor, *, source: Digest, like: str) -> Run:
    """Render, build, test, deploy and remove every example of a template; return the run.

    It happens in an environment made for it, which is like the environment `like`.

    Raises:
        Refused: SOURCE-UNKNOWN, ENV-UNKNOWN, PATH-STAGE, TEMPLATE-…, PATH-FILE-MISSING.
    """
    with _unpacked(platform, source) as folder:
        template = _read_template(platform, folder)
    name = template.entity.name
    with platform.store.write() as tx:
        _check_model(planning.get_environment(tx, like))
        return add_run.add_run(
            platform,
            tx,
            actor,
            kind="path-test",
            environment="",
            data={"component": name, "template": source, "like": like},
            steps=tuple(_make_steps(_list_examples(template.entity))),
        )


def _check_model(environment: Environment) -> None:
    """Refuse an environment whose like would let code run where somebody has to say yes first."""
    if environment.approval is not None:
        raise Refused(
            "PATH-STAGE",
            what=f"cannot test a golden path in an environment like '{environment.name}'",
            why=f"what goes to '{environment.name}' needs an approval, and a test asks for none",
            fix="choose one without approvals with --like",
        )


def _make_steps(examples: tuple[tuple[str, JsonObject], ...]) -> Iterator[StepSpec]:
    """Yield the steps: one example after the other, each whatever became of the one before."""
    yield StepSpec(label="stage", kind=example_step.STAGE, name="stage")
    before: tuple[str, ...] = ("stage",)
    for name, answers in examples:
        component = str(answers["name"])
        yield StepSpec(
            label=name,
            kind=example_step.EXAMPLE,
            name=name,
            input={"component": component, "answers": answers},
            needs=before,
            is_always_run=len(before) > 1,
        )
        before = ("stage", name)
    yield StepSpec(
        label="unstage",
        kind=example_step.UNSTAGE,
        name="unstage",
        needs=before,
        is_always_run=True,
        is_protected=True,
    )


@contextmanager
def _unpacked(platform: Platform, source: Digest) -> Iterator[Path]:
    if not platform.blobs.has(source):
        raise Refused(
            "SOURCE-UNKNOWN",
            what="cannot read the template",
            why=f"no source archive {source} was uploaded",
            fix="upload it first: PUT /api/v1/sources/{digest}",
            status=404,
        )
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "template"
        source_archive.unpack_source(platform.blobs.get_path(source), folder)
        yield folder


def _read_template(platform: Platform, folder: Path) -> _Template:
    entity = path_document.find_path(lambda name: _read_file(folder / name))
    if entity is None:
        raise Refused(
            "PATH-FILE-MISSING",
            what="cannot read the template",
            why=f"it has no {PATH_FILE} at its root, nor a template.yaml of Backstage",
            fix=f"add {PATH_FILE}; see docs/howto/publish_a_golden_path.md",
        )
    overlay = entity.spec.get("parameters")
    return _Template(
        entity=entity,
        parameters=parameters.merge_parameters(
            platform.renderer.read_parameters(folder), overlay if isinstance(overlay, dict) else {}
        ),
    )


def _read_file(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _list_examples(entity: Entity) -> tuple[tuple[str, JsonObject], ...]:
    """Return each example's name and answers; a path without any has one, with its defaults."""
    given = entity.spec.get("examples") or [{"name": "default"}]
    assert isinstance(given, list)
    found: list[tuple[str, JsonObject]] = []
    for item in given:
        assert isinstance(item, dict)
        name = str(item["name"])
        own = item.get("answers")
        answers: dict[str, JsonValue] = {
            "owner": str(entity.spec["owner"]),
            **(own if isinstance(own, dict) else {}),
            # Never the name of a service that may be there.
            "name": f"{entity.name}-{name}"[:_MOST_NAME].rstrip("-"),
        }
        found.append((name, answers))
    return tuple(found)


def _make_finding(problem: Refused) -> Finding:
    return Finding(
        code=problem.code,
        level="deny",
        text=str(problem),
        fix=problem.fix,
        at=str(problem.at or PATH_FILE),
    )
