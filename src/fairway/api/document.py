"""The platform's nouns as JSON documents.

Belongs here: one function per noun, the same fields wherever the noun is shown.
"""

from collections.abc import Iterable
from datetime import datetime

from fairway.core.audit.event import AuditEvent
from fairway.core.release.release import Artifact, Commit, Release
from fairway.core.run.run import Run, RunEvent, StepRecord
from fairway.kits.canonical import JsonValue
from fairway.ports.store.entities import StoredEntity
from fairway.ports.target import InstanceStatus, LogLine, WorkloadStatus
from fairway.runtime import journal
from fairway.usecases.catalog.apply_entities import EntityChange
from fairway.usecases.insight.show_status import ComponentStatus, EnvironmentStatus

Json = dict[str, JsonValue]


def render_time(at: datetime | None) -> str | None:
    """Return the moment in RFC 3339, UTC, or None."""
    return None if at is None else at.isoformat().replace("+00:00", "Z")


def make_run(run: Run, steps: Iterable[StepRecord] | None = None) -> Json:
    """Return a run; its steps only if they are given."""
    document: Json = {
        "id": run.id,
        "kind": run.kind,
        "state": run.state,
        "subject": run.subject,
        "actor": run.actor,
        "input": run.input,
        "output": run.output,
        "failure": journal.make_failure_document(run.failure) if run.failure else None,
        "isCancelRequested": run.is_cancel_requested,
        "createdAt": render_time(run.created_at),
        "startedAt": render_time(run.started_at),
        "endedAt": render_time(run.ended_at),
    }
    if steps is not None:
        document["steps"] = [make_step(step) for step in steps]
    return document


def make_step(step: StepRecord) -> Json:
    """Return a step of a run."""
    return {
        "index": step.index,
        "kind": step.kind,
        "name": step.name,
        "state": step.state,
        "attempts": step.attempts,
        "needs": list(step.needs),
        "output": step.output,
        "failure": journal.make_failure_document(step.failure) if step.failure else None,
        "startedAt": render_time(step.started_at),
        "endedAt": render_time(step.ended_at),
    }


def make_run_event(event: RunEvent) -> Json:
    """Return the data of a run's event."""
    step: Json = {} if event.step is None else {"step": event.step}
    return {"at": render_time(event.at), **step, **event.data}


def make_stored_entity(stored: StoredEntity) -> Json:
    """Return an entity as stored."""
    return {
        "ref": stored.entity.ref,
        "uid": stored.uid,
        "revision": stored.revision,
        "digest": stored.digest,
        "location": stored.location,
        "updatedAt": render_time(stored.updated_at),
        "updatedBy": stored.updated_by,
        "isDeleted": stored.is_deleted,
        "entity": stored.entity.document,
    }


def make_entity_change(change: EntityChange) -> Json:
    """Return what applying did to an entity."""
    return {
        "ref": change.ref,
        "action": change.action,
        "revision": change.revision,
        "changes": [
            {"path": item.path, "before": item.before, "after": item.after}
            for item in change.changes
        ],
    }


def make_artifact(artifact: Artifact) -> Json:
    """Return an artifact."""
    tests = artifact.tests
    return {
        "digest": artifact.digest,
        "component": artifact.component,
        "source": artifact.source,
        "layers": [
            {"name": layer.name, "digest": layer.digest, "size": layer.size}
            for layer in artifact.layers
        ],
        "runtime": dict(artifact.runtime),
        "tests": None
        if tests is None
        else {
            "passed": tests.passed,
            "failed": tests.failed,
            "skipped": tests.skipped,
            "durationSeconds": tests.duration_seconds,
        },
    }


def make_release(release: Release) -> Json:
    """Return a release without its whole workload."""
    return {
        "component": release.component,
        "number": release.number,
        "artifact": make_artifact(release.artifact),
        "commit": _make_commit(release.commit),
        "author": release.author,
        "createdAt": render_time(release.created_at),
    }


def _make_commit(commit: Commit) -> Json:
    return {"id": commit.id, "subject": commit.subject, "isDirty": commit.is_dirty}


def make_component_status(status: ComponentStatus) -> Json:
    """Return a component's status everywhere."""
    return {
        "component": status.component,
        "owner": status.owner,
        "system": status.system,
        "path": status.path,
        "push": _make_push(status) if status.push else None,
        "environments": [_make_environment_status(item) for item in status.environments],
    }


def _make_push(status: ComponentStatus) -> Json:
    assert status.push is not None
    states = [{"context": s.context, "state": s.state, "text": s.text} for s in status.statuses]
    return {"branch": status.push.branch, "commit": status.push.after, "statuses": states}


def _make_environment_status(status: EnvironmentStatus) -> Json:
    return {
        "environment": status.environment,
        "release": make_release(status.release) if status.release else None,
        "workload": _make_workload_status(status.workload) if status.workload else None,
        "urls": list(status.urls),
        "behind": status.behind,
        "problem": status.problem,
        "run": make_run(status.run) if status.run else None,
        "author": status.author,
        "updatedAt": render_time(status.updated_at),
    }


def _make_workload_status(status: WorkloadStatus) -> Json:
    return {
        "phase": status.phase,
        "ready": status.ready,
        "desired": status.desired,
        "release": status.release,
        "generation": status.generation,
        "reason": status.reason,
        "lastLines": list(status.last_lines),
        "instances": [_make_instance(item) for item in status.instances],
    }


def _make_instance(instance: InstanceStatus) -> Json:
    return {
        "name": instance.name,
        "release": instance.release,
        "isReady": instance.is_ready,
        "phase": instance.phase,
        "restarts": instance.restarts,
        "exitCode": instance.exit_code,
        "reason": instance.reason,
        "startedAt": render_time(instance.started_at),
        "memoryBytes": instance.memory_bytes,
        "cpuSeconds": instance.cpu_seconds,
    }


def make_log_line(line: LogLine) -> Json:
    """Return a line of a workload's log."""
    return {
        "at": render_time(line.at),
        "instance": line.instance,
        "container": line.container,
        "stream": line.stream,
        "text": line.text,
    }


def make_audit_event(event: AuditEvent) -> Json:
    """Return an audit event."""
    return {
        "sequence": event.sequence,
        "type": event.type,
        "subject": event.subject,
        "actor": event.actor,
        "at": render_time(event.at),
        "data": event.data,
    }
