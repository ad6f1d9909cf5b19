"""What a build makes of a site, and what serves it."""

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from fairway.drivers.bundle.site import server
from fairway.kits.errors import Refused
from tests.deadline import wait_until
from tests.integration.bundle.conftest import Bench
from tests.running import find_free_port

pytestmark = pytest.mark.integration

BUILD = (
    "mkdir -p dist/assets && cp *.html dist && "
    "cp app.js dist/assets/app-BxY12_9k.js && cp app.js dist/report-Quarter1.js"
)
SITE = {
    "package.json": json.dumps({"fairway": {"site": "dist"}, "scripts": {"build": BUILD}}),
    "index.html": "<h1>hello</h1>\n",
    "404.html": "<h1>nothing here</h1>\n",
    "app.js": "console.log(1);\n",
}


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes


def _ask(port: int, path: str, method: str = "GET", **headers: str) -> Reply:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        shown = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers=shown)
        answer = connection.getresponse()
        held = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, held, answer.read())
    finally:
        connection.close()


def _is_listening(port: int) -> bool:
    try:
        return _ask(port, "/-/health").status == 200
    except OSError:
        return False


@contextmanager
def _serve(folder: Path, cwd: Path, *arguments: str) -> Iterator[int]:
    """Run the server of the bundle in `folder` as the process target does; give its port."""
    port = find_free_port()
    path = f"{folder}/deps/bin:{Path(sys.executable).parent}:{os.environ['PATH']}"
    process = subprocess.Popen(
        ["fairway-site", *arguments],
        executable=folder / "deps" / "bin" / "fairway-site",
        cwd=cwd,
        env={"PATH": path, "PYTHONPATH": f"{folder}/deps", "PORT": str(port)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: _is_listening(port), seconds=15)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) in (0, -signal.SIGTERM)


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    bench = Bench(tmp_path_factory.mktemp("site") / "home")
    folder = bench.builder.unpack(bench.build(SITE).digest)
    with _serve(folder, folder / "app", "dist") as found:
        yield found


def test_a_folder_is_answered_by_its_index(port: int) -> None:
    reply = _ask(port, "/")
    assert (reply.status, reply.body) == (200, b"<h1>hello</h1>\n")
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert reply.headers["cache-control"] == "no-cache"
    assert reply.headers["x-content-type-options"] == "nosniff"


def test_a_hashed_name_is_cached_for_ever(port: int) -> None:
    reply = _ask(port, "/assets/app-BxY12_9k.js")
    assert reply.status == 200
    assert reply.headers["content-type"] == "text/javascript; charset=utf-8"
    assert reply.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_a_name_that_only_looks_hashed_is_asked_for_anew(port: int) -> None:
    assert _ask(port, "/report-Quarter1.js").headers["cache-control"] == "no-cache"


def test_what_has_not_changed_is_not_sent_again(port: int) -> None:
    tag = _ask(port, "/").headers["etag"]
    reply = _ask(port, "/", if_none_match=tag)
    assert (reply.status, reply.body) == (304, b"")
    assert reply.headers["cache-control"] == "no-cache"


def test_what_is_not_there_is_answered_by_the_sites_own_page(port: int) -> None:
    reply = _ask(port, "/gone")
    assert (reply.status, reply.body) == (404, b"<h1>nothing here</h1>\n")
    # A deploy must not poison caches with the absence of what comes next.
    assert _ask(port, "/assets/app-Gone1234.js").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/../package.json", "/%2e%2e/package.json", "/..%2fpackage.json"])
def test_nothing_outside_of_the_folder_is_served(port: int, path: str) -> None:
    assert _ask(port, path).status == 404


def test_only_reading_is_allowed(port: int) -> None:
    assert _ask(port, "/", "POST").status == 405
    assert _ask(port, "/", "HEAD").headers["content-length"] == "15"


def test_the_packages_that_built_it_stay_out_of_the_bundle(bench: Bench) -> None:
    package = {**json.loads(SITE["package.json"]), "dependencies": {"is-odd": "3.0.1"}}
    artifact = bench.build({**SITE, "package.json": json.dumps(package)})
    folder = bench.builder.unpack(artifact.digest)
    assert (folder / "app" / "dist" / "index.html").is_file()
    assert not [path for path in folder.glob("*/*") if path.name == "node_modules"]
    assert set(artifact.runtime) == {"python", "path"}


def test_a_site_may_route_by_itself(bench: Bench) -> None:
    folder = bench.builder.unpack(bench.build(SITE).digest)
    with _serve(folder, folder / "app", "dist", "--fallback", "index.html") as port:
        reply = _ask(port, "/orders/12")
    assert (reply.status, reply.body) == (200, b"<h1>hello</h1>\n")
    assert reply.headers["cache-control"] == "no-cache"


def test_a_build_that_leaves_no_site_is_refused(bench: Bench) -> None:
    package = json.dumps({"fairway": {"site": "public"}, "scripts": {"build": BUILD}})
    with pytest.raises(Refused, match=r"there is no 'public/index\.html' afterwards"):
        bench.build({**SITE, "package.json": package})


def test_the_server_needs_nothing_of_the_platform() -> None:
    lines = Path(server.__file__).read_text().splitlines()
    assert not [line for line in lines if line.startswith(("import fairway", "from fairway"))]
