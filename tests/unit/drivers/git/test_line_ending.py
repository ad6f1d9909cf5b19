"""Line endings."""

import pytest

from fairway.drivers.git import line_ending


@pytest.mark.parametrize(
    ("content", "ending"),
    [(b"", None), (b"a", None), (b"a\nb\n", b"\n"), (b"a\r\nb", b"\r\n"), (b"a\r\nb\n", None)],
)
def test_an_ending_is_that_of_all_lines(content: bytes, ending: bytes | None) -> None:
    assert line_ending.find_ending(content) == ending


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "ending"),
    [
        (b"a\n", b"a\r\n", b"b\n", b"\r\n"),
        (b"a\n", b"b\n", b"a\r\n", b"\r\n"),
        (b"a\r\n", b"b\n", b"a\r\n", b"\n"),
        (b"", b"b\r\n", b"a\n", b"\r\n"),
        (b"a\n", b"b\n", b"c\n", None),
        (b"a\n", b"b\r\nc\n", b"c\r\n", None),
    ],
)
def test_whoever_changed_the_ending_gets_it(
    base: bytes, ours: bytes, theirs: bytes, ending: bytes | None
) -> None:
    assert line_ending.choose_ending(base, ours, theirs) == ending


def test_a_last_line_without_an_end_stays_without() -> None:
    assert line_ending.with_ending(b"a\nb\r\nc", b"\r\n") == b"a\r\nb\r\nc"
    assert line_ending.with_ending(b"a\r\nb", b"\n") == b"a\nb"
