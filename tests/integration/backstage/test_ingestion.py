"""What the commits of repositories do to the catalog, on a real store."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from fairway.core.catalog.entity import Entity
from fairway.core.source.repository import Repository
from fairway.drivers.sqlalchemy.store import SqlStore, open_store
from fairway.kits.canonical import JsonObject
from fairway.kits.errors import InvalidDocuments, Refused
from fairway.ports.clock import Clock
from fairway.ports.store.deployments import Deployment
from fairway.usecases.catalog import apply_entities, trace_ancestry
from fairway.usecases.catalog.ingest_source import (
    Ingestion,
    check_ingestion,
    check_source,
    ingest_source,
)
from fairway.usecases.platform import Actor, Platform

pytestmark = pytest.mark.integration

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
ANA = Actor(name="ana")
ADMIN = Actor(name="root", is_admin=True)
BASE = "http://127.0.0.1:7480"
ORDERS = "component:default/orders"
PLACE = "repository:orders/catalog-info.yaml"


class FixedClock(Clock):
    def now(self) -> datetime:
        return NOW


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    opened = open_store(f"sqlite:///{tmp_path}/fairway.db", FixedClock())
    yield opened
    opened.close()


@pytest.fixture
def platform(store: SqlStore) -> Platform:
    """A platform with a store; ingesting uses no other port."""
    unused = cast("Any", None)
    names = ("signals", "sealer", "schemas", "blobs", "builder", "source_control", "renderer")
    return Platform(
        store=store,
        clock=FixedClock(),
        targets=unused,
        provisioners={},
        traits={},
        backups=unused,
        base_url=BASE,
        **dict.fromkeys(names, unused),
    )


def make(kind: str, name: str, **spec: object) -> str:
    return (
        f"apiVersion: backstage.io/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}}}\n"
        f"spec: {json.dumps(spec)}\n"
    )


def component(name: str = "orders", **spec: object) -> str:
    return make("Component", name, type="service", lifecycle="production", owner="shop", **spec)


def join(*documents: str) -> str:
    return "---\n".join(documents)


def make_repository(name: str = "orders", **fields: Any) -> Repository:
    return Repository(name=name, owner="group:shop", created_at=NOW, created_by="ana", **fields)


def push(
    platform: Platform,
    *documents: str,
    repository: str = "orders",
    files: dict[str, str] | None = None,
    actor: Actor = ANA,
    **fields: Any,
) -> Ingestion:
    """Ingest a commit whose catalog file has these documents."""
    tree = {name: text.encode() for name, text in (files or {}).items()}
    if documents:
        tree["catalog-info.yaml"] = join(*documents).encode()
    with platform.store.write() as tx:
        return ingest_source(
            platform,
            tx,
            actor,
            make_repository(repository, **fields),
            commit="c0ffee",
            read=tree.get,
            base_url=BASE,
        )


def list_actions(done: Ingestion) -> dict[str, str]:
    return {
        change.ref: change.action
        for change in done.changes
        if change.action != "unchanged" and not change.ref.startswith("location:default/generated-")
    }


def find(platform: Platform, ref: str = ORDERS) -> Entity | None:
    with platform.store.read() as tx:
        stored = tx.entities.find(ref)
    return stored.entity if stored else None


def list_audit(platform: Platform) -> list[tuple[str, str]]:
    with platform.store.read() as tx:
        return [(event.type, event.subject) for event in tx.audit.list_events()]


def test_entities_say_where_they_come_from(platform: Platform) -> None:
    more = make("Location", "more", targets=["./teams/shop.yaml"])
    done = push(
        platform,
        component(),
        more,
        files={"teams/shop.yaml": make("Group", "shop", type="team", children=[])},
        actor=ADMIN,
    )
    assert list_actions(done) == {
        ORDERS: "created",
        "location:default/more": "created",
        "group:default/shop": "created",
    }
    assert done.findings == ()
    group = find(platform, "group:default/shop")
    assert group is not None
    assert group.annotations == {
        "backstage.io/managed-by-location": f"url:{BASE}/git/orders.git/blob/main/teams/shop.yaml",
        "backstage.io/managed-by-origin-location": f"url:{BASE}/git/orders.git/blob/main/"
        "catalog-info.yaml",
        "backstage.io/source-location": f"url:{BASE}/git/orders.git/tree/main/teams/",
        "backstage.io/view-url": f"{BASE}/git/orders.git/blob/main/teams/shop.yaml",
        "fairway.dev/repository": "orders",
    }
    with platform.store.read() as tx:
        stored = tx.entities.find("group:default/shop")
        ancestors = trace_ancestry.trace_ancestry(tx, "group:default/shop")
    assert stored is not None
    assert stored.location == "repository:orders/teams/shop.yaml"
    shown = {item.stored.entity.ref: item.parents for item in ancestors}
    (root,) = shown["location:default/more"]
    assert shown == {
        "group:default/shop": ("location:default/more",),
        "location:default/more": (root,),
        root: (),
    }


def test_a_followed_repository_is_shown_where_it_is(platform: Platform) -> None:
    push(platform, component(), origin="https://bot:secret@git.example/shop/orders.git")
    entity = find(platform)
    assert entity is not None
    assert entity.annotations["backstage.io/source-location"] == (
        "url:https://git.example/shop/orders/tree/main/"
    )


def test_authors_may_say_where_the_source_is_but_not_who_manages_it(platform: Platform) -> None:
    annotations = {
        "backstage.io/source-location": "url:https://mine.example/",
        "backstage.io/managed-by-location": "url:https://lie.example/",
        "backstage.io/orphan": "true",
    }
    push(
        platform,
        component().replace("orders}", f"orders, annotations: {json.dumps(annotations)}}}"),
    )
    entity = find(platform)
    assert entity is not None
    assert entity.annotations["backstage.io/source-location"] == "url:https://mine.example/"
    assert "lie" not in str(entity.annotations)
    assert "backstage.io/orphan" not in entity.annotations


def test_the_same_files_again_change_nothing(platform: Platform) -> None:
    push(platform, component(), make("System", "sales", owner="shop"))
    before = list_audit(platform)
    done = push(platform, component(), make("System", "sales", owner="shop"))
    assert {change.action for change in done.changes} == {"unchanged"}
    assert list_audit(platform) == before


def test_every_change_is_audited(platform: Platform) -> None:
    push(platform, component(), component("gone"))
    push(platform, component(system="sales"))
    subjects = [item for item in list_audit(platform) if "generated-" not in item[1]]
    assert subjects == [
        ("entity.created", f"entity/{ORDERS}"),
        ("entity.created", "entity/component:default/gone"),
        ("entity.updated", f"entity/{ORDERS}"),
        ("entity.deleted", "entity/component:default/gone"),
    ]


def test_what_nothing_depends_on_goes_with_its_description(platform: Platform) -> None:
    push(platform, component(), component("other", dependsOn=["component:orders"]))
    done = push(platform)
    assert set(list_actions(done).values()) == {"deleted"}
    assert done.orphans == ()
    assert find(platform) is None
    # The location of the catalog file is gone as well.
    with platform.store.read() as tx:
        assert not tx.entities.find_many([change.ref for change in done.changes])


def test_what_others_depend_on_stays_as_an_orphan_until_they_do_not(platform: Platform) -> None:
    push(platform, component(dependsOn=["component:deep"]), component("deep"))
    push(platform, component("user", dependsOn=["component:orders"]), repository="user")
    done = push(platform)
    refs = ("component:default/deep", ORDERS)
    assert done.orphans == refs
    for ref in refs:
        entity = find(platform, ref)
        assert entity is not None
        assert entity.annotations["backstage.io/orphan"] == "true"
    assert list_actions(push(platform)) == {}
    push(platform, repository="user")
    assert list_actions(push(platform)) == dict.fromkeys(refs, "deleted")


def test_an_orphan_that_is_described_again_is_none(platform: Platform) -> None:
    push(platform, component())
    push(platform, component("user", dependsOn=["component:orders"]), repository="user")
    push(platform)
    assert list_actions(push(platform, component())) == {ORDERS: "updated"}
    entity = find(platform)
    assert entity is not None
    assert "backstage.io/orphan" not in entity.annotations


def test_a_deployed_component_stays_as_an_orphan(platform: Platform) -> None:
    push(platform, component())
    with platform.store.write() as tx:
        tx.deployments.put(Deployment(environment="dev", component="orders", release=1))
    assert push(platform).orphans == (ORDERS,)


def test_what_another_repository_describes_is_refused_by_name(platform: Platform) -> None:
    push(platform, component(), component("free"))
    with pytest.raises(InvalidDocuments) as caught:
        push(platform, component("own"), component("Orders"), repository="thief")
    (problem,) = caught.value.problems
    assert problem.code == "ENTITY-MANAGED-ELSEWHERE"
    assert PLACE in problem.why
    assert "repository:thief/catalog-info.yaml" in problem.why
    assert "as 'orders', which differs only in case" in problem.why
    assert str(problem.at) == "catalog-info.yaml:8:12"
    assert find(platform, "component:default/own") is None


def test_an_orphan_may_move_to_another_repository(platform: Platform) -> None:
    push(platform, component())
    push(platform, component("user", dependsOn=["component:orders"]), repository="user")
    push(platform)
    assert list_actions(push(platform, component(), repository="heir")) == {ORDERS: "updated"}
    assert list_actions(push(platform)) == {}
    entity = find(platform)
    assert entity is not None
    assert entity.annotations["fairway.dev/repository"] == "heir"


@pytest.mark.parametrize(
    ("location", "is_taken"),
    [("user:ana", True), ("release:orders/3", True), ("release:payments/3", False)],
)
def test_only_the_own_component_is_taken_over_from_releases(
    platform: Platform, location: str, is_taken: bool
) -> None:
    with platform.store.write() as tx:
        document: JsonObject = {
            "apiVersion": "v1",
            "kind": "Component",
            "metadata": {"name": "orders"},
        }
        tx.entities.put_many([Entity(document)], actor="ana", at=NOW, location=location)
    if is_taken:
        assert list_actions(push(platform, component())) == {ORDERS: "updated"}
    else:
        with pytest.raises(InvalidDocuments, match="release:payments/3"):
            push(platform, component())


def test_what_a_repository_describes_is_not_changed_by_hand(platform: Platform) -> None:
    push(platform, component())
    entity = find(platform)
    assert entity is not None
    apply_entities.apply_entities(platform, ANA, [entity], location="user:ana")
    changed = Entity({**entity.document, "spec": {**entity.spec, "owner": "me"}})
    with pytest.raises(Refused) as caught:
        apply_entities.apply_entities(platform, ANA, [changed], location="user:ana")
    assert caught.value.code == "ENTITY-MANAGED-ELSEWHERE"
    assert PLACE in caught.value.why


def test_refs_that_lead_nowhere_are_told_and_not_refused(platform: Platform) -> None:
    done = push(platform, component(dependsOn=["component:none"], subcomponentOf="orders"))
    assert [(item.code, item.level, item.at) for item in done.findings] == [
        ("ENTITY-REF-UNKNOWN", "warn", "catalog-info.yaml:4:54"),
        ("ENTITY-REF-UNKNOWN", "warn", "catalog-info.yaml:4:85"),
    ]
    assert "component:default/none" in done.findings[1].text


def test_a_broken_document_changes_nothing(platform: Platform) -> None:
    push(platform, component())
    with pytest.raises(InvalidDocuments):
        push(platform, component(system="sales"), make("Component", "broken"))
    entity = find(platform)
    assert entity is not None
    assert "system" not in entity.spec


def test_definitions_need_an_administrator(platform: Platform) -> None:
    group = make("Group", "shop", type="team", children=[])
    with pytest.raises(Refused) as caught:
        push(platform, group)
    assert caught.value.code == "ACCESS-DENIED"
    push(platform, group, actor=ADMIN)
    with pytest.raises(Refused) as caught:
        push(platform)
    assert caught.value.code == "ACCESS-DENIED"
    assert find(platform, "group:default/shop") is not None


def test_a_push_is_checked_before_it_lands(platform: Platform) -> None:
    push(platform, component())
    tree = {"catalog-info.yaml": component().encode()}
    with platform.store.read() as tx:
        check_ingestion(platform, tx, ANA, make_repository(), read=tree.get)
        with pytest.raises(InvalidDocuments):
            check_ingestion(platform, tx, ANA, make_repository("thief"), read=tree.get)


def test_a_source_is_checked_by_itself() -> None:
    score = "apiVersion: score.dev/v1b1\nmetadata: {name: orders}\ncontainers: {main: {image: 5}}\n"
    catalog = join(component(ovner="x"), make("Location", "a", target="./x.yaml"))
    tree = {
        "score.yaml": score.encode(),
        "catalog-info.yaml": catalog.encode(),
        "unrelated.yaml": b"a: [",
    }
    findings = check_source(tree.get)
    assert [(item.level, item.code, item.at) for item in findings] == [
        ("deny", "CATALOG-TARGET-MISSING", "catalog-info.yaml:9:8"),
        ("deny", "SCORE-INVALID", "score.yaml:3:21"),
    ]
    assert check_source({"catalog-info.yaml": component().encode()}.get) == ()
    assert check_source(lambda _: None) == ()
