"""Reading server-sent events and naming paths; the rest is replayed in `tests/golden/cli`."""

from fairway.cli import client


def test_an_event_of_several_lines_is_one() -> None:
    lines = [b": hello\n", b"id: 7\n", b"event: step\n", b'data: {"a":\r\n', b"data: 1}\n", b"\n"]
    (event,) = client._read_events(lines)
    assert (event.id, event.kind, event.data.number("a")) == ("7", "step", 1)


def test_an_event_that_was_cut_off_is_left_out() -> None:
    lines = [b"id: 1\n", b'data: {"a": 1}\n', b"\n", b"id: 2\n", b'data: {"a"']
    assert [event.id for event in client._read_events(lines)] == ["1"]


def test_an_event_without_id_keeps_the_last_one() -> None:
    lines = [b"id: 1\n", b"data: {}\n", b"\n", b"event: end\n", b"data: {}\n", b"\n"]
    assert [(event.id, event.kind) for event in client._read_events(lines)] == [
        ("1", "message"),
        ("1", "end"),
    ]


def test_a_name_cannot_leave_its_path() -> None:
    assert client.make_path("plans", "../users") == "/plans/..%2Fusers"


def test_a_query_leaves_out_what_is_not_given() -> None:
    query = {"follow": True, "tail": 0, "release": None, "filter": ("a=b", "c=d&e")}
    rendered = client._render_query(query)
    assert rendered == "?follow=true&tail=0&filter=a%3Db&filter=c%3Dd%26e"
