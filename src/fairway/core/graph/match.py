"""Matching a resource to the provisioner that makes it real.

Belongs here: which candidates match, which is the most specific, and why the others lost.
Never here: drivers, outputs. Start at `match_provisioner`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fairway.core.definition.definition import CRITERIA, Criterion, ProvisionerDefinition
from fairway.kits.errors import Refused

_LABELS: Mapping[Criterion, str] = {
    "id": "id",
    "component": "component",
    "system": "system",
    "environment": "environment",
    "environmentType": "environment type",
    "class": "class",
    "targetDriver": "target driver",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchQuery:
    """A resource in its context: `facts` holds a value for every criterion."""

    type: str
    node: str
    environment: str
    facts: Mapping[Criterion, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The winner, why it matched, and each loser with its reason, most specific first."""

    provisioner: ProvisionerDefinition
    reason: str
    lost: tuple[tuple[str, str], ...]


def match_provisioner(query: MatchQuery, candidates: Iterable[ProvisionerDefinition]) -> Match:
    """Return the most specific of `candidates` (all of `query.type`) whose criteria all hold.

    Two candidates are compared criterion by criterion in the order of `CRITERIA`: the first
    criterion that one demands and the other does not decides.

    Raises:
        Refused: PROVISIONER-NONE, no candidate matches; PROVISIONER-TIE, two are equally
            specific, and both are named.
    """
    matching: list[tuple[tuple[int, ...], ProvisionerDefinition]] = []
    unmatched: list[tuple[str, str]] = []
    for candidate in sorted(candidates, key=lambda item: item.name):
        mismatch = _find_mismatch(candidate, query.facts)
        if mismatch is None:
            matching.append((_make_rank(candidate), candidate))
        else:
            unmatched.append((candidate.name, mismatch))
    if not matching:
        raise _refuse_none(query, unmatched)
    matching.sort(key=lambda pair: pair[0])
    rank, winner = matching[0]
    if len(matching) > 1 and matching[1][0] == rank:
        raise _refuse_tie(query, winner, matching[1][1])
    beaten = tuple((other.name, _explain_loss(winner, other)) for _, other in matching[1:])
    return Match(
        provisioner=winner,
        reason=", ".join([f"type {query.type}", *_describe(winner)]),
        lost=(*beaten, *unmatched),
    )


def _make_rank(candidate: ProvisionerDefinition) -> tuple[int, ...]:
    """Return a sort key: smaller is more specific."""
    return tuple(0 if criterion in candidate.match else 1 for criterion in CRITERIA)


def _find_mismatch(candidate: ProvisionerDefinition, facts: Mapping[Criterion, str]) -> str | None:
    for criterion in CRITERIA:
        wanted = candidate.match.get(criterion)
        if wanted is not None and wanted != facts[criterion]:
            return f"{_LABELS[criterion]} {wanted} ≠ {facts[criterion] or '-'}"
    return None


def _describe(candidate: ProvisionerDefinition) -> list[str]:
    return [
        f"{_LABELS[criterion]} {candidate.match[criterion]}"
        for criterion in CRITERIA
        if criterion in candidate.match
    ]


def _explain_loss(winner: ProvisionerDefinition, other: ProvisionerDefinition) -> str:
    for criterion in CRITERIA:
        if criterion in winner.match and criterion not in other.match:
            return f"less specific: {winner.name} names the {_LABELS[criterion]}"
    raise AssertionError("a loser is less specific than the winner in some criterion")


def _refuse_none(query: MatchQuery, unmatched: list[tuple[str, str]]) -> Refused:
    tried = "; ".join(f"'{name}': {reason}" for name, reason in unmatched)
    return Refused(
        "PROVISIONER-NONE",
        what=f"cannot provision '{query.node}' in environment '{query.environment}'",
        why=f"no provisioner of type '{query.type}' matches"
        + (f": {tried}" if tried else "; there is none of this type"),
        fix=f"apply a Provisioner with 'type: {query.type}' that matches here, "
        "or ask for another type or class in score.yaml",
    )


def _refuse_tie(
    query: MatchQuery, first: ProvisionerDefinition, second: ProvisionerDefinition
) -> Refused:
    return Refused(
        "PROVISIONER-TIE",
        what=f"cannot provision '{query.node}' in environment '{query.environment}'",
        why=f"provisioners '{first.name}' and '{second.name}' match equally: both by "
        + (", ".join(_describe(first)) or "type alone"),
        fix=f"add a criterion to 'match' of '{first.name}' or of '{second.name}'",
    )
