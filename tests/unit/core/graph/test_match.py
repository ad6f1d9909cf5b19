"""The most specific provisioner wins, and it can be said why."""

import pytest

from fairway.core.definition.definition import CRITERIA, Criterion, ProvisionerDefinition
from fairway.core.graph.match import MatchQuery, match_provisioner
from fairway.kits.errors import Refused

FACTS: dict[Criterion, str] = {
    "id": "orders.db",
    "component": "orders",
    "system": "shop",
    "environment": "prod",
    "environmentType": "production",
    "class": "default",
    "targetDriver": "process",
}
QUERY = MatchQuery(
    type="postgres", node="postgres.default#orders.db", environment="prod", facts=FACTS
)


def make(name: str, **match: str) -> ProvisionerDefinition:
    criteria = {key.rstrip("_"): value for key, value in match.items()}
    return ProvisionerDefinition(
        name=name,
        type="postgres",
        match=criteria,  # type: ignore[arg-type]  # criteria by name
        driver="postgresql",
    )


@pytest.mark.parametrize("index", range(len(CRITERIA) - 1))
def test_one_criterion_beats_all_that_come_after_it(index: int) -> None:
    strong = make("strong", **{CRITERIA[index]: FACTS[CRITERIA[index]]})
    weak = make("weak", **{name: FACTS[name] for name in CRITERIA[index + 1 :]})
    match = match_provisioner(QUERY, [weak, strong])
    assert match.provisioner is strong
    assert match.lost[0][0] == "weak"


def test_one_that_names_another_fact_never_matches() -> None:
    other = make("other", environment="dev", component="orders")
    general = make("general")
    match = match_provisioner(QUERY, [other, general])
    assert match.provisioner is general
    assert match.lost == (("other", "environment dev ≠ prod"),)


def test_the_reason_names_what_matched() -> None:
    match = match_provisioner(QUERY, [make("ha", environmentType="production")])
    assert match.reason == "type postgres, environment type production"


def test_a_tie_names_both() -> None:
    with pytest.raises(Refused) as caught:
        match_provisioner(QUERY, [make("a", system="shop"), make("b", system="shop")])
    assert caught.value.code == "PROVISIONER-TIE"
    assert "'a' and 'b'" in caught.value.why


def test_a_tie_of_those_that_lose_is_no_tie() -> None:
    winner = make("winner", component="orders")
    losers = [make("a"), make("b")]
    assert match_provisioner(QUERY, [*losers, winner]).provisioner is winner


def test_no_match_lists_what_was_tried() -> None:
    with pytest.raises(Refused) as caught:
        match_provisioner(QUERY, [make("k8s", targetDriver="kubernetes")])
    assert caught.value.code == "PROVISIONER-NONE"
    assert "'k8s': target driver kubernetes ≠ process" in caught.value.why


def test_no_candidate_says_that_there_is_none() -> None:
    with pytest.raises(Refused, match="there is none of this type"):
        match_provisioner(QUERY, [])
