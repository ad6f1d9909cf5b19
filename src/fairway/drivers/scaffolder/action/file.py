"""The actions on files that earlier steps made.

Belongs here: `fs:…`, `catalog:write`, and the simple ones of Roadie's utilities. Never here:
files of the template (`fetch`).
"""

import json
import os
from copy import deepcopy
from pathlib import Path
from typing import Any

from fairway.drivers.scaffolder.action.glob import match_paths
from fairway.drivers.scaffolder.action.task import Inputs, Task
from fairway.drivers.template.failure import Failure
from fairway.formats import yaml
from fairway.kits.errors import InvalidDocuments

Outputs = dict[str, Any]


def delete(task: Task, inputs: Inputs) -> Outputs:
    for pattern in inputs.list_texts("files"):
        path = task.workspace.resolve(pattern)
        if path == task.workspace.root:
            fix = "name the files within"
            raise Failure("TEMPLATE-INVALID", "it deletes the whole workspace", fix=fix)
        task.workspace.remove(path)
        for name in match_paths([pattern], task.workspace.list_paths()):
            task.workspace.remove(task.workspace.root / name)
    return {}


def rename(task: Task, inputs: Inputs) -> Outputs:
    for file in inputs.list_mappings("files"):
        source = task.workspace.require(file.require("from", str))
        text = file.require("to", str)
        path = task.workspace.resolve(text)
        if os.path.lexists(path) and not file.get("overwrite", bool, False):
            raise Failure(
                "TEMPLATE-INVALID",
                f"it renames to '{text}', which is there already",
                fix="set overwrite: true, or choose another name",
            )
        if path == source or path.is_relative_to(source) or source.is_relative_to(path):
            fix = "choose another name"
            raise Failure("TEMPLATE-INVALID", f"it renames into itself, '{text}'", fix=fix)
        task.workspace.move(source, path)
    return {}


def read_file(task: Task, inputs: Inputs) -> Outputs:
    return {"content": _read(task, inputs.require("path", str))}


def read_folder(task: Task, inputs: Inputs) -> Outputs:
    files: list[Outputs] = []
    folders: list[Outputs] = []
    is_deep = inputs.get("recursive", bool, False)
    for text in inputs.list_texts("paths"):
        folder = task.workspace.require(text)
        for path in sorted(folder.rglob("*") if is_deep else folder.iterdir()):
            name = str(path.relative_to(task.workspace.root))
            found = folders if path.is_dir() and not path.is_symlink() else files
            found.append({"name": path.name, "path": name})
    return {"files": files, "folders": folders}


def write_entity(task: Task, inputs: Inputs) -> Outputs:
    path = task.workspace.resolve(inputs.get("filePath", str, "catalog-info.yaml"))
    text = yaml.render_documents([inputs.require("entity", dict)])
    task.workspace.write(path, text)
    return {}


def write_file(task: Task, inputs: Inputs) -> Outputs:
    content = inputs.require("content", str)
    if inputs.get("preserveFormatting", bool, False):
        content = json.dumps(json.loads(content), ensure_ascii=False, indent=2)
    text = inputs.require("path", str)
    task.workspace.write(task.workspace.resolve(text), content.encode())
    return {"path": text}


def append(task: Task, inputs: Inputs) -> Outputs:
    text = inputs.require("path", str)
    path = task.workspace.resolve(text)
    before = _read(task, text) if os.path.lexists(path) else ""
    task.workspace.write(path, (before + inputs.require("content", str)).encode())
    return {"path": text}


def merge(task: Task, inputs: Inputs) -> Outputs:
    """Merge a mapping into a file of JSON or YAML, member by member."""
    text = inputs.require("path", str)
    path = task.workspace.require(text)
    is_json = path.suffix == ".json"
    if not is_json and path.suffix not in (".yaml", ".yml"):
        raise _refuse(f"'{text}' is neither JSON nor YAML", "name a .json, .yaml or .yml file")
    added = inputs.values.get("content")
    added = _parse(added, "its input 'content'") if isinstance(added, str) else added
    if not isinstance(added, dict):
        raise _refuse("its input 'content' is no mapping", "give the members to merge")
    is_joining = bool(inputs.get("mergeArrays", bool, False))
    made = _merge(_parse(_read(task, text), f"'{text}'"), added, is_joining=is_joining)
    text_of_json = json.dumps(made, ensure_ascii=False, indent=2)
    written = text_of_json.encode() if is_json else yaml.render_documents([made])
    task.workspace.write(path, written)
    return {"path": text}


def _merge(before: Any, added: Any, *, is_joining: bool) -> Any:
    if isinstance(before, dict) and isinstance(added, dict):
        made = dict(before)
        for key, value in added.items():
            made[key] = _merge(made[key], value, is_joining=is_joining) if key in made else value
        return made
    if is_joining and isinstance(before, list) and isinstance(added, list):
        return before + [item for item in added if item not in before]
    return deepcopy(added)


def _parse(text: str, name: str) -> Any:
    try:
        documents = yaml.parse_documents(text.encode(), file=name)
    except InvalidDocuments as refused:
        raise _refuse(f"{name}: {refused.why}", "write one mapping in JSON or YAML") from refused
    if len(documents) != 1:
        raise _refuse(f"{name} is not one mapping", "write one mapping in JSON or YAML")
    return documents[0].value


def _read(task: Task, text: str) -> str:
    path: Path = task.workspace.require(text)
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError:
        raise _refuse(f"'{text}' is not UTF-8", "name a file of text") from None


def _refuse(why: str, fix: str) -> Failure:
    return Failure("TEMPLATE-INVALID", why, fix=fix)
