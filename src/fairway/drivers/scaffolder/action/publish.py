"""The actions that hand over what was made: to a repository, to the catalog.

Belongs here: `publish:…` and `catalog:register`, both of which come to pass on the platform.
Never here: repositories, the catalog.
"""

import posixpath
from typing import Any

from fairway.drivers.scaffolder.action.task import Inputs, Task
from fairway.drivers.template.failure import Failure
from fairway.formats import yaml
from fairway.formats.scaffolder.filter import parse_repo_url
from fairway.formats.scaffolder.nunjucks import NunjucksError
from fairway.kits.errors import InvalidDocuments

Outputs = dict[str, Any]
CATALOG_FILE = "/catalog-info.yaml"


def publish(task: Task, inputs: Inputs) -> Outputs:
    """Make the files below `sourcePath` those of the service's repository."""
    task.check_unpublished()
    url = inputs.require("repoUrl", str)
    try:
        name = parse_repo_url(url)["repo"]
    except NunjucksError as error:
        fix = "ask for it by a parameter with ui:field: RepoUrlPicker"
        raise Failure("TEMPLATE-INVALID", error.why, fix=fix) from error
    if name != task.name:
        raise Failure(
            "TEMPLATE-ANSWER",
            f"it publishes the repository '{name}', and the service is '{task.name}'",
            fix=f"give the answers that make up '{name}' so that both are one name",
        )
    folder = task.workspace.require(inputs.get("sourcePath", str, "."))
    if not folder.is_dir():
        fix = "name a folder"
        raise Failure("TEMPLATE-INVALID", "its sourcePath is no folder", fix=fix)
    task.published = folder
    return {"remoteUrl": f"/git/{name}.git", "repoContentsUrl": f"/git/{name}.git"}


def register(task: Task, inputs: Inputs) -> Outputs:
    """Say which entity the catalog will have: the platform registers it with the repository."""
    path = inputs.get("catalogInfoPath", str, CATALOG_FILE).lstrip("/")
    if task.published is None:
        return {}
    inner = task.published.relative_to(task.workspace.root)
    found = task.workspace.resolve(posixpath.join(str(inner), path))
    outputs = {"catalogInfoUrl": f"/git/{task.name}.git/{path}"}
    ref = _find_ref(found.read_bytes(), path) if found.is_file() else ""
    return {**outputs, "entityRef": ref} if ref else outputs


def _find_ref(content: bytes, file: str) -> str:
    """Return the ref of the first component in a catalog file, else of the first entity."""
    try:
        documents = [item.value for item in yaml.parse_documents(content, file=file)]
    except InvalidDocuments:
        # Creation refuses it with its places; here it only has no ref.
        return ""
    named = [item for item in documents if isinstance(item.get("metadata"), dict)]
    components = [item for item in named if item.get("kind") == "Component"]
    for document in components or named:
        metadata: Any = document["metadata"]
        kind, namespace = document.get("kind"), metadata.get("namespace", "default")
        return f"{kind}:{namespace}/{metadata.get('name')}".lower()
    return ""
