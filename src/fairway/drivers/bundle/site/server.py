"""The program that serves a built site: `fairway-site FOLDER [--fallback FILE]`.

Belongs here: answering requests for files. Never here: anything of Fairway, for this file is
copied into bundles, where there is nothing but the libraries that it imports.

It listens on HOST and PORT. A folder is answered by its `index.html`, what is not there by
`404.html` and 404, or with `--fallback` by that file and 200, as sites that route by themselves
need. Names with a hash of their content are cached for ever, all others asked for anew each time.
`/-/health` says whether it serves.
"""

import argparse
import mimetypes
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from anyio import to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

# As bundlers name their output, and where they put it: assets/app-BxY12_9k.js.
_HASHED = re.compile(
    r"(?:^|/)(?:_app|_astro|_next|assets|static)/"
    r"(?:.*/)?[^/]*[-.](?=[\w-]*[\dA-Z_])[\w-]{8,}\.[a-z0-9]+(?:\.map)?$"
)
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"
_THREADS = 4
# Not every machine's own list has them, and none may decide what a browser is told.
_TYPES = {
    ".avif": "image/avif",
    ".js": "text/javascript",
    ".map": "application/json",
    ".md": "text/markdown",
    ".mjs": "text/javascript",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
}


class Site(StaticFiles):
    """The files of a folder, with what caches and browsers should know."""

    def __init__(self, folder: Path, fallback: str) -> None:
        super().__init__(directory=folder, html=True)
        self._fallback = fallback

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await self._find_response(path, scope)
        is_found = response.status_code in (200, 206, 304)
        is_hashed = is_found and _HASHED.search(path) is not None
        response.headers["cache-control"] = _FOR_EVER if is_hashed else _ASK_AGAIN
        response.headers["x-content-type-options"] = "nosniff"
        return response

    async def _find_response(self, path: str, scope: Scope) -> Response:
        if self._fallback:
            try:
                response = await super().get_response(path, scope)
            except HTTPException as error:
                if error.status_code != 404:
                    raise
            else:
                if response.status_code != 404:
                    return response
            return await super().get_response(self._fallback, scope)
        return await super().get_response(path, scope)


def make_application(folder: Path, fallback: str = "") -> Starlette:
    """Return the application that serves `folder`."""
    mimetypes.init(files=())
    for suffix, kind in _TYPES.items():
        mimetypes.add_type(kind, suffix)
    routes = [Route("/-/health", _tell_health), Mount("/", Site(folder, fallback))]
    return Starlette(routes=routes, lifespan=_limit_threads)


@asynccontextmanager
async def _limit_threads(application: Starlette) -> AsyncIterator[None]:
    """Read files in few threads: they are fast, and each thread takes memory."""
    del application
    to_thread.current_default_thread_limiter().total_tokens = _THREADS
    yield


async def _tell_health(request: Request) -> Response:
    del request
    return PlainTextResponse("ok\n", headers={"cache-control": "no-store"})


def main() -> None:
    """Serve until told to stop; requests under way are finished."""
    parser = argparse.ArgumentParser(prog="fairway-site", description="Serve a folder of files.")
    parser.add_argument("folder", type=Path, help="the folder, relative to the working directory")
    parser.add_argument("--fallback", default="", help="the file for paths that are not there")
    chosen = parser.parse_args()
    for path in (chosen.folder / "index.html", chosen.folder / (chosen.fallback or "index.html")):
        if not path.is_file():
            sys.exit(f"fairway-site: there is no {path}; name the folder that the build writes")
    uvicorn.run(
        make_application(chosen.folder, chosen.fallback),
        host=os.environ.get("HOST", "127.0.0.1"),
        port=int(os.environ.get("PORT", "8080")),
        timeout_graceful_shutdown=10,
        server_header=False,
    )
