"""Waves: sorted, deterministic, and a cycle is named the same way every time."""

import pytest

from fairway.kits import toposort


def test_each_wave_is_sorted_and_needs_only_earlier_ones() -> None:
    needs = {"web": ["db", "cache"], "db": [], "cache": ["db"], "api": ["db"]}
    assert toposort.make_waves(needs) == (("db",), ("api", "cache"), ("web",))


def test_a_name_that_is_only_needed_needs_nothing_itself() -> None:
    assert toposort.make_waves({"web": ["db"]}) == (("db",), ("web",))


def test_a_need_that_is_given_twice_counts_once() -> None:
    assert toposort.make_waves({"web": ["db", "db"], "db": []}) == (("db",), ("web",))


def test_nothing_has_no_waves() -> None:
    assert toposort.make_waves({}) == ()


@pytest.mark.parametrize("order", ["abc", "cab", "bca"])
def test_a_cycle_is_named_from_its_smallest_member_in_the_order_of_needs(order: str) -> None:
    needs = {"a": ["b"], "b": ["c"], "c": ["a"], "x": [], "y": ["a", "x"]}
    with pytest.raises(toposort.CycleError, match="'a' needs 'b' needs 'c' needs 'a'"):
        toposort.make_waves({name: needs[name] for name in (*order, "x", "y")})


def test_a_name_that_needs_itself_is_a_cycle() -> None:
    with pytest.raises(toposort.CycleError) as caught:
        toposort.make_waves({"a": ["a"], "b": []})
    assert caught.value.cycle == ("a", "a")
