"""The page on the catalog in Backstage's form says what the code does."""

import re

from fastapi.routing import APIRoute

from fairway.api.routes import backstage, backstage_locations
from fairway.formats import catalog_source
from fairway.usecases.catalog import managed_location
from tests.docs.page import ROOT

PAGE = (ROOT / "docs" / "reference" / "backstage.md").read_text()


def test_every_endpoint_has_its_row_and_says_what_its_description_says() -> None:
    served = {
        (method, route.path, (route.description or "").replace("\n", " "))
        for module in (backstage, backstage_locations)
        for route in module.router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    rows = set(re.findall(r"^\| ([A-Z]+) `([^`]+)` \| (.+) \|$", PAGE, re.MULTILINE))
    assert rows == served


def test_every_annotation_has_its_row() -> None:
    known = {
        managed_location.MANAGED_BY,
        managed_location.ORIGIN,
        managed_location.SOURCE,
        managed_location.VIEW_URL,
        managed_location.REPOSITORY,
        managed_location.ORPHAN,
    }
    section = PAGE.partition("| annotation | says |")[2]
    assert set(re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)) == known


def test_limits_are_those_of_the_code() -> None:
    assert f"At most {catalog_source.MOST_FILES} files" in PAGE
    assert f"{catalog_source.MOST_BYTES // 2**20} MiB in all" in PAGE
    assert f"{catalog_source.MOST_FILE_BYTES // 2**20} MiB for a document" in PAGE
