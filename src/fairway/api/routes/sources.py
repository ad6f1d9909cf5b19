"""Source archives: uploaded once, known by digest.

Belongs here: what is below `/sources`.
"""

import tempfile
from collections.abc import Iterator
from typing import IO

from anyio import to_thread
from fastapi import APIRouter, Request
from fastapi.responses import Response

from fairway.api import schema
from fairway.api.answer import JsonAnswer
from fairway.api.context import Ports, Who
from fairway.api.parameter import SourceDigest
from fairway.kits.digest import Digest
from fairway.kits.errors import Refused, Unavailable

router = APIRouter(tags=["sources"])
MOST_BYTES = 512 * 1024**2
_IN_MEMORY_BYTES = 8 * 1024**2
_CHUNK_BYTES = 1024**2


@router.head(
    "/sources/{digest}",
    responses={200: {"description": "It is here"}, 404: {"description": "It is not"}},
)
def has_source(platform: Ports, _actor: Who, digest: SourceDigest) -> Response:
    """Answer 200 if the archive is here, else 404."""
    return Response(status_code=200 if platform.blobs.has(Digest(digest)) else 404)


@router.put(
    "/sources/{digest}",
    status_code=201,
    response_model=schema.Source,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
            },
        }
    },
)
async def put_source(
    platform: Ports, _actor: Who, digest: SourceDigest, request: Request
) -> JsonAnswer:
    """Store the archive in the request's body, if it has this digest."""
    with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as spool:
        async for chunk in request.stream():
            _write(spool, chunk)
        spool.seek(0)
        await to_thread.run_sync(lambda: platform.blobs.put(_read(spool), expected=Digest(digest)))
    return JsonAnswer({"digest": digest}, 201)


def _read(spool: IO[bytes]) -> Iterator[bytes]:
    while chunk := spool.read(_CHUNK_BYTES):
        yield chunk


def _write(spool: IO[bytes], chunk: bytes) -> None:
    try:
        spool.write(chunk)
    except OSError as error:
        raise Unavailable(
            "DISK-FULL",
            what="cannot receive the source",
            why=f"{tempfile.gettempdir()}: {(error.strerror or str(error)).lower()}",
            fix="free space there, or start the platform with another TMPDIR",
            delay_seconds=10,
        ) from error
    if spool.tell() > MOST_BYTES:
        raise Refused(
            "SOURCE-TOO-LARGE",
            what="cannot store the source",
            why=f"it has more than {MOST_BYTES} bytes",
            fix="leave out what is not source, by .gitignore",
            status=413,
        )
