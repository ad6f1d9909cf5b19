"""The route table."""

import json

import pytest

from fairway.gateway.route import parse_routes
from fairway.kits.errors import Refused

ROUTE: dict[str, object] = {"host": "A.Localhost", "path": "/x/", "instances": []}


def test_a_route_is_read_in_its_normal_form() -> None:
    table = parse_routes(json.dumps({"version": 7, "routes": [ROUTE]}).encode())
    assert table.version == 7
    assert (table.routes[0].host, table.routes[0].path) == ("a.localhost", "/x")


@pytest.mark.parametrize(
    ("path", "is_match"),
    [("/x", True), ("/x/", True), ("/x/y", True), ("/xy", False), ("/", False)],
)
def test_a_path_matches_at_its_slashes(path: str, is_match: bool) -> None:
    table = parse_routes(json.dumps({"version": 7, "routes": [ROUTE]}).encode())
    assert table.routes[0].is_match(path) is is_match


@pytest.mark.parametrize(
    "routes",
    [
        [ROUTE, ROUTE],
        [{**ROUTE, "path": "x"}],
        [{**ROUTE, "instances": [{"id": "a", "address": "b", "port": "c"}]}],
        [{**ROUTE, "instances": {}}],
        ["x"],
        5,
    ],
)
def test_a_table_that_cannot_be_followed_is_refused(routes: object) -> None:
    with pytest.raises(Refused) as refused:
        parse_routes(json.dumps({"version": 1, "routes": routes}).encode())
    assert refused.value.code == "GATEWAY-ROUTES-INVALID"
