"""Upgrades of services: offered on a branch, landed, noted, and safe to repeat."""

import dataclasses

import pytest

from fairway.core.source.tree import TreeFile
from fairway.kits.errors import Refused
from fairway.usecases.golden_path import (
    land_upgrade,
    offer_branch,
    show_drift,
    upgrade_component,
    upgrade_fleet,
)
from fairway.usecases.golden_path.upgrade_component import UpgradeRequest
from fairway.usecases.platform import Actor
from fairway.usecases.source import receive_push
from tests.integration.upgrade.conftest import ADMIN, TEMPLATES, V1, V2, World, replace

pytestmark = pytest.mark.integration
BRANCH = "fairway/service-v2"
ORDERS = UpgradeRequest(component="orders")
PROJECT = """[project]
name = "service"
version = "1"
[dependency-groups]
dev = ["pytest"]
"""
FAILING = "def test_it() -> None:\n    assert False\n"


def upgrade(world: World, request: UpgradeRequest = ORDERS) -> dict[str, object]:
    run = world.carry(upgrade_fleet.start_upgrade(world.platform, ADMIN, request))
    results = run.output["results"]
    assert isinstance(results, dict)
    result = results[request.component]
    assert isinstance(result, dict)
    return result


def test_an_upgrade_is_built_tested_and_offered_on_a_branch(orders: World) -> None:
    before = orders.get_heads("orders")["main"]
    result = upgrade(orders)
    assert result["state"] == "offered", result
    offer = orders.get_offer("orders")
    assert orders.get_heads("orders") == {"main": before, BRANCH: offer.commit}
    files = orders.read("orders", offer.commit)
    assert "VALUE_3 = 33  # ours\n" in files["values.py"]
    assert "VALUE_11 = 121\n" in files["values.py"]
    assert "util.py" not in files
    assert files["region.txt"] == "north\n"
    assert "Start it." in files["README.md"]
    commit = orders.platform.source_control.find_commit("orders", offer.commit)
    assert commit is not None
    assert commit.parents == (before,)
    assert "Fairway-Path: service@v2" in commit.message.splitlines()
    with orders.platform.store.read() as tx:
        (status,) = tx.repositories.list_statuses("orders", offer.commit)
        assert tx.releases.list_by_component("orders") == ()
    assert (status.context, status.state) == ("build", "success")
    assert orders.get_link("orders").version == "v1"


def test_a_landed_upgrade_becomes_the_link(orders: World) -> None:
    upgrade(orders)
    offer = orders.get_offer("orders")
    for _ in range(2):
        landed = land_upgrade.land_upgrade(orders.platform, ADMIN, "orders")
        assert landed.state == "landed"
        assert orders.get_heads("orders")["main"] == offer.commit
    link = orders.get_link("orders")
    assert link.version == "v2"
    assert link.answers["region"] == "north"
    assert "values.py" in link.files
    (found,) = show_drift.list_drift(orders.platform, "service")
    assert (found.behind, found.changed, found.deleted, found.added) == ((), ("values.py",), (), ())
    assert upgrade(orders)["state"] == "up to date"


def test_a_branch_that_people_merged_is_noted_with_their_push(orders: World) -> None:
    upgrade(orders)
    offer = orders.get_offer("orders")
    orders.edit("orders", replace("README.md", "Stop", "End"))
    control = orders.platform.source_control
    head = orders.get_heads("orders")["main"]
    merged = orders.write(
        "orders", control.read_tree("orders", offer.commit), parents=(head, offer.commit)
    )
    control.move_ref("orders", "refs/heads/main", to=merged, expected=head)
    receive_push.find_missed(orders.platform, "orders")
    assert orders.get_offer("orders").state == "landed"
    assert orders.get_link("orders").version == "v2"


def test_a_commit_that_was_rebased_is_known_by_its_trailer(orders: World) -> None:
    upgrade(orders)
    offer = orders.get_offer("orders")
    control = orders.platform.source_control
    head = orders.edit("orders", replace("README.md", "Stop", "End"))
    again = control.write_commit(
        "orders",
        tree=control.write_tree("orders", control.read_tree("orders", offer.commit)),
        parents=(head,),
        message="Take the upgrade\n\nFairway-Path: service@v2\n",
        signature=offer_branch.make_signature(offer.made_at),
    )
    control.move_ref("orders", "refs/heads/main", to=again, expected=head)
    receive_push.find_missed(orders.platform, "orders")
    assert orders.get_link("orders").version == "v2"


def test_an_offer_for_an_older_head_is_not_landed_but_made_again(orders: World) -> None:
    upgrade(orders)
    first = orders.get_offer("orders")
    head = orders.edit("orders", replace("README.md", "Stop", "End"))
    with pytest.raises(Refused) as caught:
        land_upgrade.land_upgrade(orders.platform, ADMIN, "orders")
    assert caught.value.code == "UPGRADE-OUTDATED"
    upgrade(orders)
    second = orders.get_offer("orders")
    assert second.base == head
    assert second.commit != first.commit
    assert orders.get_heads("orders") == {"main": head, BRANCH: second.commit}
    land_upgrade.land_upgrade(orders.platform, ADMIN, "orders")
    assert "End it." in orders.read("orders")["README.md"]


def test_the_same_upgrade_again_makes_no_other_commit(orders: World) -> None:
    upgrade(orders)
    first = orders.get_offer("orders")
    upgrade(orders)
    assert orders.get_offer("orders").commit == first.commit


def test_a_branch_on_which_people_worked_is_left_to_them(orders: World) -> None:
    upgrade(orders)
    theirs = orders.edit("orders", replace("README.md", "Stop", "End"), branch=BRANCH)
    orders.edit("orders", replace("server.py", "listens", "is"))
    upgrade(orders)
    offer = orders.get_offer("orders")
    assert offer.branch == f"{BRANCH}-2"
    assert orders.get_heads("orders")[BRANCH] == theirs


def test_the_branch_of_an_older_offer_goes_unless_people_worked_on_it(orders: World) -> None:
    upgrade(orders)
    orders.publish("v3", {**V2, "template/more.txt": "more\n"})
    upgrade(orders)
    assert set(orders.get_heads("orders")) == {"main", "fairway/service-v3"}


def test_conflicts_are_on_the_branch_and_in_the_offer(orders: World) -> None:
    orders.edit("orders", replace("README.md", "Run it.", "Run it by hand."))
    result = upgrade(orders)
    assert result["state"] == "conflicted"
    offer = orders.get_offer("orders")
    assert [(item.path, item.kind) for item in offer.conflicts] == [("README.md", "contents")]
    text = orders.read("orders", offer.commit)["README.md"]
    assert "<<<<<<< yours\nRun it by hand.\n=======\nStart it.\n>>>>>>> service v2\n" in text
    with pytest.raises(Refused) as caught:
        land_upgrade.land_upgrade(orders.platform, ADMIN, "orders")
    assert caught.value.code == "UPGRADE-CONFLICTED"


def test_an_upgrade_that_does_not_build_fails_and_leaves_its_branch(orders: World) -> None:
    orders.publish(
        "v3", {**V2, "template/pyproject.toml": PROJECT, "template/tests/test_it.py": FAILING}
    )
    result = upgrade(orders)
    assert result["state"] == "failed"
    offer = orders.get_offer("orders")
    assert offer.state == "conflicted"
    assert [item.kind for item in offer.conflicts] == ["build"]
    assert orders.get_heads("orders")["fairway/service-v3"] == offer.commit


def test_a_dry_run_shows_files_and_changes_nothing(orders: World) -> None:
    heads = orders.get_heads("orders")
    preview = upgrade_component.preview_upgrade(orders.platform, ADMIN, ORDERS)
    assert {item.path: item.action for item in preview.diffs} == {
        "README.md": "changed",
        "old.txt": "removed",
        "region.txt": "added",
        "util.py": "removed",
        "values.py": "added",
    }
    (readme,) = (item.text for item in preview.diffs if item.path == "README.md")
    assert "-Run it." in readme.splitlines()
    assert "+Start it." in readme.splitlines()
    assert set(preview.parameters) == {"region"}
    assert preview.answers["region"] == "north"
    assert orders.get_heads("orders") == heads


def test_a_new_parameter_is_taken_and_checked(orders: World) -> None:
    request = dataclasses.replace(ORDERS, answers={"region": "south"})
    upgrade(orders, request)
    offer = orders.get_offer("orders")
    assert orders.read("orders", offer.commit)["region.txt"] == "south\n"
    assert offer.answers["region"] == "south"
    for answers in ({"region": 5}, {"regoin": "south"}):
        with pytest.raises(Refused) as caught:
            upgrade_fleet.start_upgrade(
                orders.platform, ADMIN, dataclasses.replace(ORDERS, answers=answers)
            )
        assert caught.value.code == "PARAMETER-INVALID"
        assert "rego" in caught.value.why or "region" in caught.value.why


def test_a_tag_that_moved_is_refused(orders: World) -> None:
    control = orders.platform.source_control
    tag = "refs/tags/v2"
    before = control.list_refs(TEMPLATES, prefix=tag)[tag]
    other = orders.write(TEMPLATES, {"x": TreeFile(b"x")}, parents=())
    control.move_ref(TEMPLATES, tag, to=other, expected=before)
    with pytest.raises(Refused) as caught:
        upgrade_fleet.start_upgrade(orders.platform, ADMIN, ORDERS)
    assert caught.value.code == "PATH-TAG-MOVED"


def test_a_downgrade_is_refused_unless_asked_for(orders: World) -> None:
    upgrade(orders)
    land_upgrade.land_upgrade(orders.platform, ADMIN, "orders")
    back = dataclasses.replace(ORDERS, to="v1")
    with pytest.raises(Refused) as caught:
        upgrade_fleet.start_upgrade(orders.platform, ADMIN, back)
    assert caught.value.code == "PATH-DOWNGRADE"
    assert upgrade(orders, dataclasses.replace(back, is_downgrade=True))["state"] == "offered"
    files = orders.read("orders", orders.get_offer("orders").commit)
    assert "VALUE_3 = 33  # ours\n" in files["util.py"]
    assert files["old.txt"] == V1["template/old.txt"]


def test_a_pre_release_is_taken_only_when_named(orders: World) -> None:
    orders.publish("v3rc1", {**V2, "template/more.txt": "more\n"})
    assert upgrade(orders)["to"] == "v2"
    assert upgrade(orders, dataclasses.replace(ORDERS, to="v3rc1"))["to"] == "v3rc1"


def test_strangers_and_unknown_services_are_refused(orders: World) -> None:
    for actor, component, code in (
        (Actor(name="eve"), "orders", "ACCESS-DENIED"),
        (ADMIN, "none", "PATH-LINK-UNKNOWN"),
    ):
        with pytest.raises(Refused) as caught:
            upgrade_fleet.start_upgrade(orders.platform, actor, UpgradeRequest(component=component))
        assert caught.value.code == code
    with pytest.raises(Refused) as caught:
        land_upgrade.land_upgrade(orders.platform, ADMIN, "orders")
    assert caught.value.code == "UPGRADE-NONE"


def test_drift_names_versions_and_files(orders: World) -> None:
    def edit(files: dict[str, TreeFile]) -> None:
        del files["old.txt"]
        files["own.py"] = TreeFile(b"own\n")

    orders.edit("orders", edit)
    orders.publish("v1.1", {**V1, "template/more.txt": "more\n"})
    (found,) = show_drift.list_drift(orders.platform, "service")
    assert found.version == "v1"
    assert found.behind == ("v1.1", "v2")
    assert (found.changed, found.deleted, found.added) == (("util.py",), ("old.txt",), ("own.py",))


def test_a_new_parameter_without_default_has_to_be_answered(orders: World) -> None:
    questions = V2["copier.yml"].replace("default: north", "help: Its place")
    orders.publish("v3", {**V2, "copier.yml": questions})
    with pytest.raises(Refused) as caught:
        upgrade_fleet.start_upgrade(orders.platform, ADMIN, ORDERS)
    assert caught.value.code == "PARAMETER-INVALID"
    assert "region" in caught.value.why
    run = orders.carry(upgrade_fleet.start_fleet_upgrade(orders.platform, ADMIN, path="service"))
    assert run.failure is not None
    assert run.failure.code == "PARAMETER-INVALID"
    assert orders.get_heads("orders").keys() == {"main"}
    assert upgrade(orders, dataclasses.replace(ORDERS, answers={"region": "east"}))["to"] == "v3"


def test_an_answer_that_is_not_asked_for_any_more_is_dropped(orders: World) -> None:
    fixed = V2["template/server.py.jinja"].replace("{{ port }}", "80")
    questions = V2["copier.yml"].replace("port: {type: int, default: 8080}\n", "")
    orders.publish("v3", {**V2, "copier.yml": questions, "template/server.py.jinja": fixed})
    upgrade(orders)
    offer = orders.get_offer("orders")
    assert "port" not in offer.answers
    assert '"PORT", "80"' in orders.read("orders", offer.commit)["server.py"]
