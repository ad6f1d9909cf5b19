"""Score: what is rendered is read back."""

from hypothesis import given

from fairway.core.workload.workload import Workload
from fairway.formats.score import list_positions, parse_workload, render_workload
from fairway.formats.yaml import parse_documents, render_documents
from tests.property.formats import strategies


@given(strategies.workloads())
def test_a_rendered_workload_is_read_back(workload: Workload) -> None:
    content = render_documents([render_workload(workload)])
    (document,) = parse_documents(content, file="score.yaml")
    assert parse_workload(document) == workload
    assert set(list_positions(document)) >= {"", "/metadata/name", "/containers"}
