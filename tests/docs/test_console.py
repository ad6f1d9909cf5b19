"""Every console block of the documentation is run, page by page, each on a platform of its own.

With FAIRWAY_DOCS_WRITE set, outputs that changed are written into the pages instead of failing.
"""

import difflib
import os
import shutil
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from fairway.drivers.local_server.record import ServerRecord
from fairway.drivers.postgresql import server as postgresql
from tests.docs.page import ROOT, Page, list_pages, read_page
from tests.docs.reader import Reader, lay_out_example, start_documented_platform

pytestmark = pytest.mark.e2e

_PAGES = [page for page in list_pages() if any(b.language == "console" for b in page.blocks)]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def _prepare(page: Page, stack: ExitStack, tmp_path: Path) -> Reader:
    """Give the reader what the page says it needs.

    `example` is a clone with the example, `service` the tutorial's service, `postgresql` a server
    at db.example.com:5432, `driver` the package that the page writes.
    """
    folder = tmp_path / "work"
    folder.mkdir()
    aliases: dict[str, str] = {}
    extra: dict[str, str] = {}
    if "curl" in page.needs and shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    if "example" in page.needs:
        lay_out_example(folder)
    if "service" in page.needs:
        _lay_out_service(folder)
    if "postgresql" in page.needs:
        record = _start_server(stack, tmp_path / "database")
        (tmp_path / "pgpass").write_text(f"*:*:*:*:{record.password}\n")
        (tmp_path / "pgpass").chmod(0o600)
        extra["PGPASSFILE"] = str(tmp_path / "pgpass")
        aliases["db.example.com:5432"] = f"127.0.0.1:{record.port}"
    if "driver" in page.needs:
        site = _install_driver(page, tmp_path / "site")
        known = os.environ.get("PYTHONPATH")
        extra["PYTHONPATH"] = f"{site}{os.pathsep}{known}" if known else str(site)
    platform = stack.enter_context(start_documented_platform(tmp_path / "platform", extra))
    return Reader(platform, folder, aliases=aliases)


def _lay_out_service(folder: Path) -> None:
    for block in read_page(ROOT / "docs" / "tutorial" / "first_service.md").blocks:
        if block.title:
            (folder / block.title).parent.mkdir(exist_ok=True)
            (folder / block.title).write_text(block.text)


def _start_server(stack: ExitStack, home: Path) -> ServerRecord:
    """Return a server with a database `fairway`, the page's alone; it is gone with the test."""
    local = postgresql.make_local_server(16, home=home, data_root=None)
    stack.callback(local.remove)
    record = local.ensure()
    with psycopg.connect(postgresql.make_conninfo(record), autocommit=True) as connection:
        connection.execute("CREATE DATABASE fairway")
    return record


def _install_driver(page: Page, site: Path) -> Path:
    """Install the package that the page writes, as pip would lay it out; return its folder."""
    files = {Path(block.title): block.text for block in page.blocks if block.title}
    (project,) = (path for path in files if path.name == "pyproject.toml")
    document = tomllib.loads(files[project])["project"]
    about = site / f"{document['name'].replace('-', '_')}-{document['version']}.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {document['name']}\nVersion: {document['version']}\n"
    )
    points = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in entries.items())
        for group, entries in document["entry-points"].items()
    ]
    (about / "entry_points.txt").write_text("\n".join(points))
    for path, text in files.items():
        if path.is_relative_to(project.parent) and path.suffix == ".py":
            target = site / path.relative_to(project.parent)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
    return site


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.name)
def test_a_page_prints_what_it_says(page: Page, stack: ExitStack, tmp_path: Path) -> None:
    followed = _prepare(page, stack, tmp_path).follow(page)
    if os.environ.get("FAIRWAY_DOCS_WRITE"):
        page.path.write_text(followed)
        return
    difference = difflib.unified_diff(
        page.text.splitlines(), followed.splitlines(), "documented", "printed", lineterm="", n=1
    )
    assert not list(difference)
