"""The program that runs a template, once for each set of answers, into `out/0`, `out/1` ….

Belongs here: the entry, and what steps know of the answers. Never here: how steps are run
(`workflow`).
"""

import errno
from collections.abc import Mapping
from typing import Any

from fairway.core.catalog.ref import parse_entity_ref
from fairway.drivers.scaffolder.action.task import Task
from fairway.drivers.scaffolder.action.text import Texts
from fairway.drivers.scaffolder.action.workspace import Quota, Workspace
from fairway.drivers.scaffolder.program.source import Source, open_source
from fairway.drivers.scaffolder.program.workflow import locate, run_steps
from fairway.drivers.template.desk import Desk, Request, serve
from fairway.drivers.template.failure import Failure, Place
from fairway.formats.scaffolder.answer import complete_answers, list_errors
from fairway.formats.scaffolder.filter import make_repo_url
from fairway.formats.scaffolder.parameters import ANSWER, DEFAULT_USER
from fairway.kits.errors import Refused

_PATH_ERRNOS = frozenset({errno.ENAMETOOLONG, errno.EILSEQ, errno.ENOTDIR, errno.EISDIR})


def render(desk: Desk) -> Request:
    source = open_source(desk.template)
    texts = Texts()
    (desk.folder / "out").mkdir()
    kept: list[Mapping[str, Any]] = []
    outputs: list[Mapping[str, Any]] = []
    for number, answers in enumerate(desk.request["answers"]):
        desk.start(number)
        desk.note(locate(source.template, ()))
        completed = _complete(source, answers)
        quota = Quota(disk_bytes=desk.request["disk_bytes"], files=desk.request["files"])
        task = Task(
            template=source.root,
            workspace=Workspace(desk.folder / "work" / str(number), quota),
            out=desk.folder / "out" / str(number),
            name=str(completed["name"]),
        )
        outputs.append(_run(desk, source, task, completed, texts=texts))
        kept.append(completed)
    return {"answers": kept, "outputs": outputs}


def _complete(source: Source, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers that the template asks for, those by default among them."""
    schema = dict(source.parameters.schema)
    known: Any = schema["properties"]
    asked = {name: value for name, value in answers.items() if name in known}
    named = {
        name: asked.get("name")
        for name, parameter in known.items()
        if parameter.get(ANSWER) == "name"
    }
    completed = complete_answers(schema, {**named, **asked})
    if errors := list_errors(schema, completed):
        fix = "give other answers, or a default to what is missing"
        at = locate(source.template, ("spec", "parameters"))
        raise Failure("TEMPLATE-ANSWER", "; ".join(errors)[:2000], fix=fix, at=at)
    return completed


def _run(
    desk: Desk, source: Source, task: Task, answers: dict[str, Any], *, texts: Texts
) -> Mapping[str, Any]:
    try:
        return run_steps(
            source.template, task, _make_context(source, answers), texts=texts, note=desk.note
        )
    except OSError as error:
        raise _explain_system(error, desk.at) from error
    except RecursionError as error:
        raise Failure("TEMPLATE-LIMIT", "recursion", fix="", at=desk.at) from error


def _make_context(source: Source, answers: dict[str, Any]) -> dict[str, Any]:
    owner = _find_name(str(answers.get("owner", "")))
    urls = {
        name: make_repo_url(host=host, owner=owner, repo=str(answers["name"]))
        for name, host in source.parameters.repo_urls.items()
    }
    context: dict[str, Any] = {"parameters": {**answers, **urls}, "secrets": {}}
    if source.has_user:
        context["user"] = _make_user(str(answers.get("user", DEFAULT_USER)))
    return context


def _find_name(ref: str) -> str:
    try:
        return parse_entity_ref(ref, default_kind="Group").name
    except Refused:
        return ref


def _make_user(text: str) -> dict[str, Any]:
    name = _find_name(text)
    ref = str(parse_entity_ref(text, default_kind="User")) if text else DEFAULT_USER
    metadata = {"name": name, "namespace": "default"}
    return {"ref": ref, "entity": {"kind": "User", "metadata": metadata, "spec": {}}}


def _explain_system(error: OSError, at: Place) -> Failure:
    if error.errno == errno.EFBIG:
        return Failure("TEMPLATE-LIMIT", "disk", fix="", at=at)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Failure("DISK-FULL", "no space is left", fix="free space in the state folder")
    why = (error.strerror or str(error)).lower()
    if error.errno in _PATH_ERRNOS:
        fix = "correct the file's name, or bound the answers that it is made of"
        return Failure("TEMPLATE-PATH", why, fix=fix, at=at)
    return Failure("TEMPLATE-INVALID", why, fix="correct the template", at=at)


if __name__ == "__main__":
    serve(render)
