"""The tests of a Node project.

Belongs here: `npm test`, and turning what its runner reports into counts. Never here: what follows
from them. Start at `run_node_suite`.
"""

import re
import time
from pathlib import Path
from xml.etree import ElementTree as ET

from fairway.core.release.release import TestReport
from fairway.drivers.bundle.limited import Workshop
from fairway.drivers.bundle.node.npm import Npm
from fairway.drivers.bundle.suite import MAX_REPORT_BYTES, InvalidReport

_NODE_TEST = re.compile(r"\bnode\b.*\s--test\b")
_VITEST = re.compile(r"\bvitest\b")


def run_node_suite(workshop: Workshop, npm: Npm, script: str) -> TestReport:
    """Run `npm test`, whose text is `script`.

    The runners of Node and Vitest are asked for JUnit; another one may write it to the file that
    JEST_JUNIT_OUTPUT_FILE and MOCHA_FILE name. Without a report the whole run counts as one test.

    Raises:
        Refused: BUILD-TESTS-FAILED, or a limit was passed.
    """
    report = workshop.folder / "junit.xml"
    variables = {"JEST_JUNIT_OUTPUT_FILE": str(report), "MOCHA_FILE": str(report)}
    arguments: list[str] = []
    if _NODE_TEST.search(script):
        variables["NODE_OPTIONS"] = (
            "--test-reporter=spec --test-reporter-destination=stdout "
            f"--test-reporter=junit --test-reporter-destination={report}"
        )
    elif _VITEST.search(script):
        arguments = ["--reporter=default", "--reporter=junit", f"--outputFile.junit={report}"]
    began = time.monotonic()
    outcome = npm.run_script("tests", "test", arguments, **variables)
    seconds = time.monotonic() - began
    tests = _read_report(report, seconds) if report.is_file() else None
    if tests is None:
        tests = TestReport(
            passed=int(not outcome.code),
            failed=int(bool(outcome.code)),
            skipped=0,
            duration_seconds=round(seconds, 3),
        )
    if outcome.code or tests.failed:
        why = f"{tests.failed} failed, {tests.passed} passed (npm test ended with {outcome.code})"
        fix = "make the tests pass: run npm test in the service's folder"
        raise workshop.refuse("tests", why, fix=fix, lines=outcome.last_lines, code="TESTS-FAILED")
    workshop.say("tests", f"{tests.passed} passed, {tests.skipped} skipped")
    return tests


def _read_report(path: Path, seconds: float) -> TestReport | None:
    try:
        return parse_test_cases(path, seconds)
    except InvalidReport:
        return None


def parse_test_cases(path: Path, seconds: float) -> TestReport:
    """Return the counts of a JUnit file by its test cases: Node's has them outside of suites.

    Raises:
        InvalidReport: it is too large or not JUnit.
    """
    if path.stat().st_size > MAX_REPORT_BYTES:
        raise InvalidReport(f"it is larger than {MAX_REPORT_BYTES} bytes")
    try:
        # Expat limits entity expansion by itself; the file comes from the service's own tests.
        root = ET.parse(path).getroot()  # noqa: S314
    except ET.ParseError as error:
        raise InvalidReport(str(error)) from error
    cases = list(root.iter("testcase"))
    failed = sum(1 for case in cases if _has(case, "failure") or _has(case, "error"))
    skipped = sum(1 for case in cases if _has(case, "skipped"))
    return TestReport(
        passed=len(cases) - failed - skipped,
        failed=failed,
        skipped=skipped,
        duration_seconds=round(seconds, 3),
    )


def _has(case: ET.Element, name: str) -> bool:
    return case.find(name) is not None
