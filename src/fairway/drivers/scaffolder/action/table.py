"""Which actions there are, what each reads, and why others are not run.

Belongs here: the one table of actions. Never here: what they do. Start at `find_action`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fairway.drivers.scaffolder.action import fetch, file, publish
from fairway.drivers.scaffolder.action.task import Inputs, Task
from fairway.drivers.scaffolder.action.text import Texts

MOST_SECONDS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What is run, and the inputs that it reads; others are never even evaluated.

    `is_passive`: it changes nothing in the workspace.
    """

    run: Callable[[Task, Inputs, Texts], Mapping[str, Any] | None]
    reads: frozenset[str]
    is_passive: bool = False


def _log(task: Task, inputs: Inputs, _: Texts) -> None:
    task.log.append(str(inputs.values.get("message", "")))


def _wait(_: Task, __: Inputs, ___: Texts) -> None:
    """Do nothing: there is nothing that a rendering could wait for."""


def _act(run: Callable[[Task, Inputs], Any], *reads: str, is_passive: bool = False) -> Action:
    return Action(
        run=lambda task, inputs, _: run(task, inputs),
        reads=frozenset(reads),
        is_passive=is_passive,
    )


_FORM = ("values", "cookiecutterCompat", "replace", "trimBlocks", "lstripBlocks")
_PUBLISH = _act(publish.publish, "repoUrl", "sourcePath", is_passive=True)
_MERGE = _act(file.merge, "path", "content", "mergeArrays")
_HOSTS = (
    *("azure", "bitbucket", "bitbucketCloud", "bitbucketServer", "gerrit", "gitea", "github"),
    "gitlab",
)
ACTIONS: Mapping[str, Action] = {
    "catalog:register": _act(publish.register, "catalogInfoPath", is_passive=True),
    "catalog:write": _act(file.write_entity, "filePath", "entity"),
    "debug:log": Action(run=_log, reads=frozenset({"message"}), is_passive=True),
    "debug:wait": Action(run=_wait, reads=frozenset(), is_passive=True),
    "fetch:plain": _act(fetch.fetch_plain, "url", "targetPath"),
    "fetch:plain:file": _act(fetch.fetch_plain_file, "url", "targetPath"),
    "fetch:template": Action(
        run=fetch.fetch_template,
        reads=frozenset(
            {
                *("url", "targetPath", *_FORM, "templateFileExtension"),
                *("copyWithoutTemplating", "copyWithoutRender"),
            }
        ),
    ),
    "fetch:template:file": Action(
        run=fetch.fetch_template_file, reads=frozenset({"url", "targetPath", *_FORM})
    ),
    "fs:append": _act(file.append, "path", "content"),
    "fs:delete": _act(file.delete, "files"),
    "fs:read": _act(file.read_file, "path", is_passive=True),
    "fs:readdir": _act(file.read_folder, "paths", "recursive", is_passive=True),
    "fs:rename": _act(file.rename, "files"),
    **{f"publish:{host}": _PUBLISH for host in _HOSTS},
    "roadiehq:utils:fs:append": _act(file.append, "path", "content"),
    "roadiehq:utils:fs:write": _act(file.write_file, "path", "content", "preserveFormatting"),
    "roadiehq:utils:json:merge": _MERGE,
    "roadiehq:utils:merge": _MERGE,
}

_CHANGES = "it changes a repository that is there, and a golden path makes a new one"
_NETWORK = "it calls another system, and a rendering has no network"
_HOST = "it sets up a repository on another host, and the repository is the platform's"
# By how the name starts; the longest that fits.
_REFUSALS: Mapping[str, tuple[str, str]] = {
    "": (
        "it is a program of somebody's Backstage, and only Backstage's usual actions are run",
        "do without it, or do in the service's pipeline what it does",
    ),
    "catalog:": (
        "it reads the catalog, and a rendering depends on its answers only",
        "ask for what it finds, by a parameter with ui:field: EntityPicker",
    ),
    "fetch:cookiecutter": (
        "Cookiecutter runs programs of the template",
        "use fetch:template with cookiecutterCompat: true",
    ),
    "fetch:rails": ("it runs a program of another project", "keep the files as a skeleton"),
    "github:": (_HOST, "leave the step out; set rules of branches on the platform"),
    "gitlab:": (_HOST, "leave the step out; set rules of branches on the platform"),
    "http:": (_NETWORK, "leave the step out, or call it from the service's pipeline"),
    "kubernetes:": (_NETWORK, "describe what the service needs in its score.yaml"),
    "publish:": (_CHANGES, "publish a repository by publish:github or one like it"),
}


def find_action(name: str) -> Action | None:
    return ACTIONS.get(name)


def refuse(name: str) -> tuple[str, str]:
    """Return why an action is not run, and what to do."""
    start = max((start for start in _REFUSALS if name.startswith(start)), key=len)
    why, fix = _REFUSALS[start]
    return f"the action '{name}' is not run: {why}", fix
