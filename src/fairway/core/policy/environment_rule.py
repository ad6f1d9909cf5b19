"""What an environment demands of a release and of an approval.

Belongs here: tests, promotion order, approval. Start at `check_release`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fairway.core.definition.definition import ApprovalRule, Environment
from fairway.core.finding.finding import Finding
from fairway.core.release.release import Release
from fairway.kits import digest
from fairway.kits.digest import Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What has become ready before: the artifacts' digests by environment."""

    artifacts_by_environment: Mapping[str, frozenset[Digest]] = field(default_factory=dict)


def check_release(
    release: Release | None, environment: Environment, facts: Facts
) -> tuple[Finding, ...]:
    """Return what `environment` has against `release`; removing a component is always fine."""
    if release is None:
        return ()
    return (*_check_tests(release, environment), *_check_origin(release, environment, facts))


def _check_tests(release: Release, environment: Environment) -> Iterable[Finding]:
    tests = release.artifact.tests
    if not environment.is_test_required or (tests is not None and tests.is_passed):
        return
    said = "it was built without tests" if tests is None else f"{tests.failed} tests failed"
    yield Finding(
        code="ENV-TESTS",
        level="deny",
        text=f"'{environment.name}' takes only what passed its tests; {said}",
        fix="add tests to the component and deploy it again without --no-tests",
    )


def _check_origin(release: Release, environment: Environment, facts: Facts) -> Iterable[Finding]:
    sources = environment.promotes_from
    if not sources or any(
        release.artifact.digest in facts.artifacts_by_environment.get(name, frozenset())
        for name in sources
    ):
        return
    short = digest.shorten(release.artifact.digest)
    yield Finding(
        code="ENV-PROMOTION",
        level="deny",
        text=f"'{environment.name}' takes only what became ready in {' or '.join(sources)}; "
        f"artifact {short} did not",
        fix=f"deploy to {sources[0]} first, then: fairway promote {release.component} "
        f"--from {sources[0]} --to {environment.name}",
    )


def find_approval_obstacle(
    rule: ApprovalRule, *, user: str, groups: frozenset[str], author: str
) -> str | None:
    """Return why `user` may not approve what `author` wants, None when they may."""
    if rule.is_author_excluded and user == author:
        return f"'{user}' is its author"
    if rule.groups and not groups & frozenset(rule.groups):
        return f"'{user}' is in none of {', '.join(rule.groups)}"
    return None
