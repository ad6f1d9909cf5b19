"""The service's own tests.

Belongs here: running pytest and reading its JUnit report. Never here: what follows from it.
Start at `run_suite`.
"""

from pathlib import Path
from xml.etree import ElementTree as ET

from fairway.core.release.release import TestReport
from fairway.drivers.bundle import surroundings
from fairway.drivers.bundle.limited import Workshop
from fairway.drivers.bundle.project import Project
from fairway.kits.errors import Refused

_NO_TESTS_COLLECTED = 5
MAX_REPORT_BYTES = 64 * 1024**2


class InvalidReport(Exception):
    """The tests left no report that can be read."""


def run_suite(
    workshop: Workshop, project: Project, *, packages: Path, interpreter: Path
) -> TestReport | None:
    """Run the tests of the tree in `app`, with `packages`; None when pytest finds none.

    Raises:
        Refused: BUILD-TESTS-FAILED, or a limit was passed.
    """
    tree = workshop.folder / "app"
    report = workshop.folder / "junit.xml"
    modules = [str(tree / folder) for folder in project.path]
    environment = surroundings.make_environment(workshop.folder)
    environment["PATH"] = f"{packages / 'bin'}:{environment['PATH']}"
    environment["PYTHONPATH"] = ":".join([*modules, str(packages)])
    command = [str(interpreter), "-m", "pytest", "-p", "no:cacheprovider", "--color=no"]
    outcome = workshop.run(
        "tests", [*command, f"--junitxml={report}"], cwd=tree, environment=environment
    )
    if outcome.code == _NO_TESTS_COLLECTED:
        workshop.say("tests", "pytest found none")
        return None
    try:
        tests = parse_junit(report)
    except InvalidReport as error:
        why = f"pytest ended with {outcome.code} and left no report: {error}"
        raise _refuse(workshop, why, outcome.last_lines) from error
    if outcome.code or tests.failed:
        why = f"{tests.failed} failed, {tests.passed} passed (pytest ended with {outcome.code})"
        raise _refuse(workshop, why, outcome.last_lines)
    workshop.say("tests", f"{tests.passed} passed, {tests.skipped} skipped")
    return tests


def parse_junit(path: Path) -> TestReport:
    """Return the counts of a JUnit file.

    Raises:
        InvalidReport: it is absent, too large or not JUnit.
    """
    try:
        if path.stat().st_size > MAX_REPORT_BYTES:
            raise InvalidReport(f"it is larger than {MAX_REPORT_BYTES} bytes")
        # Expat limits entity expansion by itself; the file comes from the service's own tests.
        root = ET.parse(path).getroot()  # noqa: S314
        suites = [root] if root.tag == "testsuite" else root.findall("testsuite")
        total = sum(int(suite.get("tests", "0")) for suite in suites)
        failed = sum(
            int(suite.get("failures", "0")) + int(suite.get("errors", "0")) for suite in suites
        )
        skipped = sum(int(suite.get("skipped", "0")) for suite in suites)
        seconds = sum(float(suite.get("time", "0")) for suite in suites)
    except (OSError, ET.ParseError, ValueError) as error:
        raise InvalidReport(str(error)) from error
    return TestReport(
        passed=total - failed - skipped,
        failed=failed,
        skipped=skipped,
        duration_seconds=round(seconds, 3),
    )


def _refuse(workshop: Workshop, why: str, lines: tuple[str, ...]) -> Refused:
    fix = "make the tests pass: run pytest in the service's folder"
    return workshop.refuse("tests", why, fix=fix, lines=lines, code="TESTS-FAILED")
