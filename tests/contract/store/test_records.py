"""The plain nouns: what is stored comes back as it was."""

from dataclasses import replace
from datetime import timedelta

import pytest

from fairway.core.access.user import Token, User
from fairway.core.audit.event import AuditEvent
from fairway.core.graph.live import LiveNode, NodeId, SealedValue
from fairway.core.release.release import Artifact, Commit, Layer, Release, TestReport
from fairway.core.run.run import Failure, Run, RunId, StepRecord
from fairway.core.workload.workload import (
    Container,
    File,
    HttpGet,
    Probe,
    Quantities,
    ResourceRequest,
    ServicePort,
    VolumeMount,
    Workload,
)
from fairway.drivers.sqlalchemy.store import SqlStore
from fairway.kits.digest import Digest, make_digest
from fairway.kits.errors import Refused
from fairway.ports.store.deployments import Deployment, Rollout
from fairway.ports.store.idempotency import RememberedAnswer
from fairway.ports.store.plans import Approval, StoredPlan
from tests.contract.store.conftest import START

SECOND = timedelta(seconds=1)
WORKLOAD = Workload(
    name="orders",
    metadata={"name": "orders", "nested": {"list": [1, 2.5, None, True]}},
    annotations={"a": "b"},
    containers={
        "main": Container(
            image=".",
            command=("run", "--now"),
            variables={"URL": "${resources.db.url}"},
            files={"/etc/x": File(content="x", mode="0644", no_expand=True)},
            volumes={"/data": VolumeMount(source="${resources.files}", read_only=True)},
            before={"sidecar": "complete"},
            limits=Quantities(memory="128Mi"),
            readiness_probe=Probe(http_get=HttpGet(port=80, path="/", headers=(("a", "b"),))),
            liveness_probe=Probe(exec=("true",)),
        )
    },
    ports={"www": ServicePort(port=80, target_port=8080)},
    resources={"db": ResourceRequest(type="postgres", id="shared", params={"extensions": ["x"]})},
)
ARTIFACT = Artifact(
    digest=make_digest(b"artifact"),
    component="orders",
    source=make_digest(b"source"),
    layers=(Layer(name="application", digest=make_digest(b"layer"), size=5_000_000_000),),
    runtime={"python": "3.11"},
)
RELEASE = Release(
    component="orders",
    number=0,
    artifact=ARTIFACT,
    workload=WORKLOAD,
    document={"apiVersion": "score.dev/v1b1", "text": "a\0b"},
    positions={"/containers/main": "score.yaml:3:5"},
    commit=Commit(id="4c1d2e0", subject="Add totals"),
    author="ana",
    created_at=START,
)
NODE = LiveNode(
    environment="dev",
    id=NodeId("postgres.default#orders.db"),
    kind="resource",
    type="postgres",
    component="orders",
    driver="postgresql",
    provisioner="postgres-local",
    provisioner_revision=1,
    spec={"class": "default"},
    spec_digest=make_digest(b"spec"),
    outputs={"port": 5432},
    secrets={"url": SealedValue(sealed="sealed", fingerprint="f")},
    consumers=frozenset({"orders", "billing"}),
    needs=(NodeId("volume.default#x"),),
    holder="step-1",
)
RUN = Run(
    id=RunId(0),
    kind="deployment",
    subject="deployment/dev/orders",
    lane="deployment/dev/orders",
    actor="ana",
    input={"plan": "sha256:1"},
    deadline=START + SECOND,
    created_at=START,
)
STEP = StepRecord(index=0, kind="apply", name="db", key="k", input={"a": [1]}, needs=())


def make_plan(digest: Digest) -> StoredPlan:
    return StoredPlan(
        digest=digest,
        environment="dev",
        component="orders",
        release=1,
        content=b'{"steps":[]}',
        author="ana",
        created_at=START,
    )


def test_audit_events_are_kept_in_order_and_found_below_a_subject(store: SqlStore) -> None:
    subjects = ("deployment/dev/orders", "deployment/dev", "deployment/development", "release/1")
    events = [
        AuditEvent(type="x.changed", subject=subject, actor="ana", at=START, data={"n": 1})
        for subject in subjects
    ]
    with store.write() as transaction:
        transaction.audit.append(events[0])
        transaction.audit.append(*events[1:])
        transaction.audit.append()
        found = transaction.audit.list_events()
        below = transaction.audit.list_events(subject="deployment/dev")
        later = transaction.audit.list_events(after=found[1].sequence, limit=1)
    assert [replace(event, sequence=0) for event in found] == events
    assert [event.sequence for event in found] == sorted({event.sequence for event in found})
    assert [event.subject for event in below] == list(subjects[:2])
    assert later == found[2:3]


def test_a_user_and_tokens_come_back(store: SqlStore) -> None:
    user = User(name="ana", groups=frozenset({"group:shop"}), is_admin=True, created_at=START)
    old = Token(id="1", user="ana", digest="d1", title="old", created_at=START)
    new = Token(
        id="2", user="ana", digest="d2", title="", created_at=START + SECOND, expires_at=START
    )
    with store.write() as transaction:
        transaction.users.put(user)
        transaction.users.add_token(old)
        transaction.users.add_token(new)
        assert transaction.users.find("ana") == user
        assert transaction.users.find("bob") is None
        assert transaction.users.find_token("d1") == old
        assert transaction.users.list_tokens("ana") == (new, old)
        transaction.users.remove_token("1")
        transaction.users.remove_token("1")
        assert transaction.users.find_token("d1") is None
        transaction.users.put(replace(user, is_admin=False))
        assert transaction.users.list_users() == (replace(user, is_admin=False),)


def test_an_answer_is_remembered_until_it_is_old(store: SqlStore) -> None:
    answer = RememberedAnswer(
        actor="ana", key="k", request="r", status=200, body=b"\0\xff", at=START
    )
    with store.write() as transaction:
        transaction.idempotency.put(answer)
        assert transaction.idempotency.find("ana", "k") == answer
        assert transaction.idempotency.find("bob", "k") is None
        assert transaction.idempotency.remove_before(START) == 0
        assert transaction.idempotency.remove_before(START + SECOND) == 1
        assert transaction.idempotency.find("ana", "k") is None


def test_a_run_is_found_by_the_request_that_asked_for_it(store: SqlStore) -> None:
    with store.write() as transaction:
        run = transaction.runs.add(replace(RUN, request="r"), ())
        transaction.runs.add(RUN, ())
        transaction.runs.add(RUN, ())
        assert transaction.runs.find_by_request("r") == run
        assert transaction.runs.find_by_request("s") is None


def test_the_seal_of_a_platform_is_kept(store: SqlStore) -> None:
    seal = SealedValue(sealed="v1.x", fingerprint="f")
    with store.write() as transaction:
        assert transaction.platform_seal.find() is None
        transaction.platform_seal.put(seal)
    with store.read() as transaction:
        assert transaction.platform_seal.find() == seal


def test_an_artifact_gets_its_tests_once(store: SqlStore) -> None:
    report = TestReport(passed=14, failed=0, skipped=1, duration_seconds=0.25)
    with store.write() as transaction:
        for tests in (None, report, None):
            transaction.releases.put_artifact(replace(ARTIFACT, tests=tests))
        found = transaction.releases.find_artifact(ARTIFACT.digest)
        assert found == replace(ARTIFACT, tests=report)
        again = replace(ARTIFACT, digest=make_digest(b"again"))
        transaction.releases.put_artifact(again)
        assert transaction.releases.find_artifact_by_source("orders", ARTIFACT.source) == again
        assert transaction.releases.find_artifact_by_source("other", ARTIFACT.source) is None


def test_releases_count_within_their_component(store: SqlStore) -> None:
    with store.write() as transaction:
        transaction.releases.put_artifact(ARTIFACT)
        first, second = (transaction.releases.add(RELEASE) for _ in range(2))
        other = transaction.releases.add(replace(RELEASE, component="other"))
        assert (first.number, second.number, other.number) == (1, 2, 1)
        assert transaction.releases.find("orders", 1) == first
        assert transaction.releases.find("orders", 3) is None
        assert transaction.releases.list_by_component("orders", limit=1) == (second,)


def test_a_deployments_revision_never_comes_again(store: SqlStore) -> None:
    wanted = Deployment(environment="dev", component="orders", release=1, updated_at=START)
    with store.write() as transaction:
        deployments = transaction.deployments
        assert deployments.put(wanted) == replace(wanted, revision=1)
        assert deployments.put(replace(wanted, rolling=2)).revision == 2
        deployments.remove("dev", "orders")
        deployments.remove("dev", "orders")
        assert deployments.find("dev", "orders") is None
        assert deployments.list_all() == ()
        stored = deployments.put(wanted)
        assert stored.revision > 2
        assert deployments.find("dev", "orders") == stored
        staging = deployments.put(replace(wanted, environment="staging"))
        assert deployments.list_all(component="orders") == (stored, staging)
        assert deployments.list_all(environment="dev") == (stored,)


def test_rollouts_outlive_their_deployment(store: SqlStore) -> None:
    first = Rollout(
        environment="dev",
        component="orders",
        release=1,
        artifact=ARTIFACT.digest,
        run=5,
        author="ana",
        at=START,
    )
    second = replace(first, release=2, run=6)
    with store.write() as transaction:
        for rollout in (first, second, first):
            transaction.deployments.add_rollout(rollout)
        transaction.deployments.remove("dev", "orders")
        assert transaction.deployments.list_rollouts("dev", "orders") == (second, first)
        assert transaction.deployments.list_rollouts("dev", "orders", limit=1) == (second,)


def test_a_nodes_revision_never_comes_again(store: SqlStore) -> None:
    with store.write() as transaction:
        nodes = transaction.nodes
        assert nodes.put(NODE) == replace(NODE, revision=1)
        changed = nodes.put(replace(NODE, consumers=frozenset({"billing"}), state="drifted"))
        assert nodes.find("dev", NODE.id) == changed
        nodes.remove("dev", NODE.id)
        nodes.remove("dev", NODE.id)
        assert nodes.find("dev", NODE.id) is None
        assert nodes.put(NODE).revision > changed.revision


def test_nodes_are_found_by_environment_and_consumer(store: SqlStore) -> None:
    with store.write() as transaction:
        nodes = transaction.nodes
        shared = nodes.put(NODE)
        own = nodes.put(replace(NODE, id=NodeId("a"), consumers=frozenset({"orders"})))
        prod = nodes.put(replace(NODE, environment="prod", consumers=frozenset()))
        assert nodes.list_all() == (own, shared, prod)
        assert nodes.list_all(environment="dev", consumer="billing") == (shared,)
        assert nodes.list_all(consumer="orders") == (own, shared)
        assert nodes.find_many("dev", [NODE.id, NodeId("none")]) == (shared,)
        assert nodes.find_many("dev", []) == ()


def test_a_plan_is_found_by_what_is_unique_of_its_digest(store: SqlStore) -> None:
    first, second = (Digest(f"sha256:{start}{'0' * 60}") for start in ("ab12", "ab34"))
    with store.write() as transaction:
        plans = transaction.plans
        for digest in (first, second, first):
            plans.put(make_plan(digest))
        plans.attach_run(first, 7)
        assert plans.find("ab1") == replace(make_plan(first), run=7)
        assert plans.find("sha256:AB34") == make_plan(second)
        assert plans.find(second) == make_plan(second)
        for unknown in ("ff", "", "sha256:", "%", "zz"):
            assert plans.find(unknown) is None
        with pytest.raises(Refused) as caught:
            plans.find("ab")
    assert caught.value.code == "PLAN-AMBIGUOUS"


def test_a_second_yes_of_one_user_changes_nothing(store: SqlStore) -> None:
    plan = make_plan(make_digest(b"plan"))
    yes = Approval(plan=plan.digest, user="bob", at=START + SECOND, comment="fine")
    first = replace(yes, user="eve", at=START)
    with store.write() as transaction:
        transaction.plans.put(plan)
        for approval in (yes, first, replace(yes, comment="again")):
            transaction.plans.add_approval(approval)
        assert transaction.plans.list_approvals(plan.digest) == (first, yes)


def test_a_run_and_its_steps_come_back(store: SqlStore) -> None:
    failure = Failure(code="X", what="a", why="b", fix="c", lines=("d",))
    steps = (STEP, replace(STEP, index=1, needs=(0,), is_always_run=True))
    with store.write() as transaction:
        run = transaction.runs.add(RUN, steps)
        assert transaction.runs.find(run.id) == run
        assert transaction.runs.list_steps(run.id) == steps
        ended = replace(run, state="failed", failure=failure, ended_at=START)
        transaction.runs.put(ended)
        later = (replace(steps[1], state="failed", failure=failure), replace(STEP, index=2))
        transaction.runs.put_steps(run.id, later)
        assert transaction.runs.find(run.id) == ended
        assert transaction.runs.list_steps(run.id) == (STEP, *later)
        assert transaction.runs.find(RunId(run.id + 1)) is None


def test_run_ids_count_up_without_reuse(store: SqlStore) -> None:
    def fail() -> None:
        with store.write() as transaction:
            transaction.runs.add(RUN, ())
            raise ValueError

    with store.write() as transaction:
        first = transaction.runs.add(replace(RUN, id=RunId(99)), ())
    with pytest.raises(ValueError):
        fail()
    with store.write() as transaction:
        second = transaction.runs.add(RUN, ())
    assert 0 < first.id < second.id


def test_the_head_of_a_lane_is_its_oldest_unfinished_run(store: SqlStore) -> None:
    with store.write() as transaction:
        first, second = (transaction.runs.add(RUN, ()) for _ in range(2))
        other = transaction.runs.add(replace(RUN, lane="else", subject="else"), ())
        assert transaction.runs.find_lane_head(RUN.lane) == first
        done = replace(first, state="succeeded")
        transaction.runs.put(done)
        assert transaction.runs.find_lane_head(RUN.lane) == second
        assert transaction.runs.find_lane_head("none") is None
        list_runs = transaction.runs.list_runs
        assert list_runs() == (other, second, done)
        assert list_runs(lane=RUN.lane, limit=1) == (second,)
        assert list_runs(subject=RUN.subject, states=["succeeded"]) == (done,)
        assert list_runs(before=other.id) == (second, done)
        assert list_runs(component="orders", environment="dev", limit=1) == (second,)
        assert list_runs(component="rders") == list_runs(environment="de") == ()


def test_events_of_a_run_count_from_one_without_gaps(store: SqlStore) -> None:
    with store.write() as transaction:
        first, second = (transaction.runs.add(RUN, ()).id for _ in range(2))
    for number in range(3):
        with store.write() as transaction:
            transaction.runs.append_event(first, "log", {"line": number}, at=START, step=0)
            transaction.runs.append_event(second, "run", {}, at=START)
    with store.read() as transaction:
        events = transaction.runs.list_events(first)
        rest = transaction.runs.list_events(first, after=1, limit=1)
    assert [event.sequence for event in events] == [1, 2, 3]
    assert [event.data for event in events] == [{"line": number} for number in range(3)]
    assert rest == events[1:2]
