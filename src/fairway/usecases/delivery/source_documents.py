"""The documents in a component's source tree: its workload and its catalog file.

Belongs here: finding, parsing and joining them. Never here: the formats themselves.
"""

import base64
import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fairway.core.catalog.entity import Entity
from fairway.core.workload.workload import Container, File, Workload
from fairway.formats import catalog_source, score, yaml
from fairway.kits.canonical import JsonObject
from fairway.kits.errors import Refused

SCORE_FILES = ("score.yaml", "score.yml")
MOST_FILE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDocuments:
    """The workload, its files' contents inlined, with places; and the catalog entities."""

    workload: Workload
    document: JsonObject
    positions: Mapping[str, str]
    entities: tuple[Entity, ...]


def read_documents(tree: Path) -> SourceDocuments:
    """Return the documents at the root of `tree`, and the entities that they lead to.

    Raises:
        Refused: SCORE-MISSING, SCORE-FILE-MISSING, or what a document's parser says.
    """
    path = _find(tree, SCORE_FILES)
    if path is None:
        raise Refused(
            "SCORE-MISSING",
            what="cannot release the source",
            why="it has no score.yaml at its root",
            fix="add a score.yaml beside the code; see docs/tutorial",
        )
    (document,) = yaml.parse_documents(path.read_bytes(), file=path.name)[:1]
    workload = _inline_files(score.parse_workload(document), tree)
    return SourceDocuments(
        workload=workload,
        document=document.value,
        positions=score.list_positions(document),
        entities=catalog_source.read_catalog(catalog_source.make_reader(tree)).get_entities(),
    )


def _find(tree: Path, names: tuple[str, ...]) -> Path | None:
    return next((tree / name for name in names if (tree / name).is_file()), None)


def _inline_files(workload: Workload, tree: Path) -> Workload:
    containers = {
        name: _inline_container(container, tree) for name, container in workload.containers.items()
    }
    return dataclasses.replace(workload, containers=containers)


def _inline_container(container: Container, tree: Path) -> Container:
    files = {path: _inline_file(file, path, tree) for path, file in container.files.items()}
    return dataclasses.replace(container, files=files)


def _inline_file(file: File, target: str, tree: Path) -> File:
    if file.source is None:
        return file
    path = (tree / file.source).resolve()
    if not path.is_relative_to(tree.resolve()) or not path.is_file():
        raise Refused(
            "SCORE-FILE-MISSING",
            what=f"cannot read the source of file '{target}'",
            why=f"'{file.source}' is not a file inside the component's folder",
            fix="correct 'source' in score.yaml, relative to score.yaml itself",
        )
    content = path.read_bytes()
    if len(content) > MOST_FILE_BYTES:
        raise Refused(
            "SCORE-FILE-TOO-LARGE",
            what=f"cannot read the source of file '{target}'",
            why=f"'{file.source}' has {len(content)} bytes; the most is {MOST_FILE_BYTES}",
            fix="put large files into the artifact or into a volume",
        )
    try:
        return dataclasses.replace(file, source=None, content=content.decode())
    except UnicodeDecodeError:
        binary = base64.b64encode(content).decode()
        return dataclasses.replace(file, source=None, binary_content=binary)
