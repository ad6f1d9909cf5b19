"""Counting tests by their cases."""

from pathlib import Path

import pytest

from fairway.drivers.bundle.node.suite import parse_test_cases
from fairway.drivers.bundle.suite import InvalidReport

pytestmark = pytest.mark.integration


def test_cases_are_counted_wherever_they_are(tmp_path: Path) -> None:
    report = tmp_path / "junit.xml"
    report.write_text(
        """<testsuites>
        <testcase name="a"/>
        <testcase name="b"><skipped/></testcase>
        <testsuite name="s" tests="2">
            <testcase name="c"><failure>no</failure></testcase>
            <testsuite name="t"><testcase name="d"><error/></testcase></testsuite>
        </testsuite>
        </testsuites>"""
    )
    tests = parse_test_cases(report, 1.23456)
    assert (tests.passed, tests.failed, tests.skipped) == (1, 2, 1)
    assert tests.duration_seconds == 1.235


def test_what_is_no_report_is_said(tmp_path: Path) -> None:
    report = tmp_path / "junit.xml"
    report.write_text("<testsuites>")
    with pytest.raises(InvalidReport):
        parse_test_cases(report, 1.0)
