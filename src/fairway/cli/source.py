"""A folder of source on its way to the platform.

Belongs here: the quick check of its documents, its version control, packing and uploading.
Start at `send_source`.
"""

import dataclasses
import hashlib
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from fairway.cli.client import Client, make_path
from fairway.formats import catalog_source, source_archive
from fairway.formats.score import parse as score
from fairway.formats.yaml import document as yaml
from fairway.kits.canonical import JsonObject
from fairway.kits.errors import InvalidDocuments, Refused

_SCORE_FILES = ("score.yaml", "score.yml")
_IN_MEMORY_BYTES = 16 * 2**20
_CHUNK_BYTES = 2**20
_GIT_SECONDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedFolder:
    """A folder whose documents are valid; `files` are their names, `component` the workload's."""

    path: Path
    component: str
    files: tuple[str, ...]


def check_folder(folder: Path) -> CheckedFolder:
    """Return what a folder holds, without asking the platform.

    Raises:
        Refused: SCORE-MISSING.
        InvalidDocuments: its documents break their formats' rules.
    """
    score_path = _find(folder, _SCORE_FILES)
    if score_path is None:
        raise Refused(
            "SCORE-MISSING",
            what=f"cannot read the service in '{folder}'",
            why="there is no score.yaml in it",
            fix="name the folder of a service, or add a score.yaml; see docs/tutorial",
        )
    problems: list[Refused] = []
    paths = [score_path]
    component = ""
    try:
        component = _read_component(score_path)
    except InvalidDocuments as error:
        problems += error.problems
    except Refused as error:
        problems.append(error)
    catalog = catalog_source.read_catalog(catalog_source.make_reader(folder))
    if catalog.root:
        paths.append(folder / catalog.root)
        problems += (_locate(problem, folder) for problem in catalog.problems)
    if problems:
        raise InvalidDocuments(tuple(problems))
    return CheckedFolder(path=folder, component=component, files=tuple(path.name for path in paths))


def _find(folder: Path, names: tuple[str, ...]) -> Path | None:
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _read_component(path: Path) -> str:
    documents = yaml.parse_documents(path.read_bytes(), file=str(path))
    if not documents:
        raise Refused(
            "SCORE-MISSING",
            what=f"cannot read {path}",
            why="it holds no document",
            fix="write the service's workload into it; see docs/tutorial",
        )
    return score.parse_workload(documents[0]).name


def _locate(problem: Refused, folder: Path) -> Refused:
    """Say where a problem is from where the command runs, and not within the folder."""
    if problem.at is not None:
        problem.at = dataclasses.replace(problem.at, file=str(folder / problem.at.file))
    return problem


def send_source(client: Client, folder: Path) -> str:
    """Upload the folder's archive unless the platform has it; return its digest."""
    hasher = hashlib.sha256()
    with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as spool:
        for chunk in source_archive.pack_source(folder):
            hasher.update(chunk)
            spool.write(chunk)
        digest = f"sha256:{hasher.hexdigest()}"
        path = make_path("sources", digest)
        if not client.has(path):
            spool.seek(0)
            client.upload(path, _read_chunks(spool))
    return digest


def _read_chunks(spool: IO[bytes]) -> Iterator[bytes]:
    while chunk := spool.read(_CHUNK_BYTES):
        yield chunk


def describe_commit(folder: Path) -> JsonObject:
    """Return what git says of the folder; the id is `-` where there is no git."""
    head = _ask_git(folder, "log", "-1", "--format=%H%n%s")
    if head is None:
        return {"id": "-", "subject": "", "isDirty": False}
    name, _, subject = head.partition("\n")
    is_dirty = bool(_ask_git(folder, "status", "--porcelain", "--", "."))
    return {"id": name, "subject": subject.strip(), "isDirty": is_dirty}


def _ask_git(folder: Path, *args: str) -> str | None:
    command = ["git", "--no-optional-locks", "-C", str(folder), *args]
    try:
        done = subprocess.run(command, capture_output=True, check=True, timeout=_GIT_SECONDS)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace")
