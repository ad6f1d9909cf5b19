"""Webhooks of other servers: GitHub, GitLab, Gitea and what speaks like them.

Belongs here: whose they are, whether they are genuine, new and of a push. What they say is not
believed: a genuine one has the origin looked at, which is all that a replayed one could bring
about. Start at `accept_hook`.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from fairway.core.audit.event import AuditEvent
from fairway.kits.canonical import JsonObject
from fairway.kits.errors import Refused
from fairway.ports.store.idempotency import RememberedAnswer
from fairway.ports.store.store import Transaction
from fairway.usecases.platform import Platform
from fairway.usecases.source import follow_origin, manage_repositories

HookOutcome = Literal["accepted", "repeated", "ignored"]
MOST_BYTES = 25 * 1024**2
# One that says when it was sent is no older and no younger than this.
MOST_AGE = timedelta(hours=1)
_REMEMBERED = timedelta(days=1)
_PUSHES = ("push", "push hook", "tag push hook", "create", "delete")
_NOT_GENUINE = "not genuine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """A request to a repository's webhook; `headers` by their names in lower case."""

    repository: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """How one kind of server sends hooks; `prefix` is before a signature's digits.

    `is_signed`: the header is the body's HMAC-SHA-256; otherwise it is the secret itself.
    """

    server: str
    proof: str
    event: str
    delivery: str
    prefix: str = ""
    is_signed: bool = True


# Gitea sends GitHub's headers too: it comes first.
_FORMS = (
    _Form(
        server="gitea",
        proof="x-gitea-signature",
        event="x-gitea-event",
        delivery="x-gitea-delivery",
    ),
    _Form(
        server="github",
        proof="x-hub-signature-256",
        event="x-github-event",
        delivery="x-github-delivery",
        prefix="sha256=",
    ),
    _Form(
        server="gitlab",
        proof="x-gitlab-token",
        event="x-gitlab-event",
        delivery="x-gitlab-event-uuid",
        is_signed=False,
    ),
)


def accept_hook(platform: Platform, hook: Hook) -> HookOutcome:
    """Have the repository's origin looked at soon, if the hook is genuine, new and of a push.

    Raises:
        Refused: HOOK-UNPROVEN, whatever is wrong with the proof, the repository or its secret;
            HOOK-OLD; HOOK-INVALID.
    """
    form = next((form for form in _FORMS if form.proof in hook.headers), None)
    with platform.store.read() as tx:
        secret = follow_origin.open_hook_secret(platform, tx, hook.repository)
    if form is None or not _is_genuine(form, hook, secret):
        raise _refuse_proof(hook.repository)
    payload = _parse(hook)
    _check_age(platform, hook, payload)
    if hook.headers.get(form.event, "").lower() not in _PUSHES:
        return "ignored"
    delivery = hook.headers.get(form.delivery) or hashlib.sha256(hook.body).hexdigest()
    with platform.store.write() as tx:
        if not _remember(platform, tx, hook, delivery=delivery):
            return "repeated"
        tx.queue.mark(manage_repositories.REPOSITORY, hook.repository)
        tx.audit.append(
            AuditEvent(
                type="hook.received",
                subject=f"repository/{hook.repository}",
                actor=form.server,
                at=platform.clock.now(),
                data={"delivery": delivery[:200]},
            )
        )
    return "accepted"


def _is_genuine(form: _Form, hook: Hook, secret: str | None) -> bool:
    """Return whether the sender knows the secret; it takes as long for an unknown repository."""
    key = (secret if secret is not None else _NOT_GENUINE).encode()
    expected = hmac.new(key, hook.body, hashlib.sha256).hexdigest().encode()
    if not form.is_signed:
        expected = key
    given = hook.headers[form.proof].removeprefix(form.prefix).encode()
    return hmac.compare_digest(given, expected) and secret is not None


def _parse(hook: Hook) -> JsonObject:
    try:
        payload = json.loads(hook.body)
    except (ValueError, RecursionError):
        payload = None
    if not isinstance(payload, dict):
        raise Refused(
            "HOOK-INVALID",
            what=f"cannot read the webhook for repository '{hook.repository}'",
            why="its body is no JSON object",
            fix="choose the content type application/json for the webhook",
        )
    return payload


def _check_age(platform: Platform, hook: Hook, payload: JsonObject) -> None:
    """Refuse what says that its push was long ago, as GitHub's do."""
    repository = payload.get("repository")
    pushed_at = repository.get("pushed_at") if isinstance(repository, dict) else None
    if not isinstance(pushed_at, int) or not 0 < pushed_at < 2**34:
        return
    age = platform.clock.now() - datetime.fromtimestamp(pushed_at, UTC)
    if not -MOST_AGE < age < MOST_AGE:
        raise Refused(
            "HOOK-OLD",
            what=f"cannot accept the webhook for repository '{hook.repository}'",
            why=f"it is of a push {round(age.total_seconds())} s ago; "
            f"the most is {round(MOST_AGE.total_seconds())} s",
            fix="set both clocks; what was pushed is found by polling anyhow",
            status=409,
        )


def _remember(platform: Platform, tx: Transaction, hook: Hook, *, delivery: str) -> bool:
    """Remember the delivery; return whether it is new."""
    now = platform.clock.now()
    owner = f"hook:{hook.repository}"  # no user's name has a colon
    key = hashlib.sha256(delivery.encode()).hexdigest()
    tx.idempotency.remove_before(now - _REMEMBERED)
    if tx.idempotency.find(owner, key) is not None:
        return False
    tx.idempotency.put(
        RememberedAnswer(actor=owner, key=key, request="", status=202, body=b"", at=now)
    )
    return True


def _refuse_proof(repository: str) -> Refused:
    return Refused(
        "HOOK-UNPROVEN",
        what=f"cannot accept the webhook for repository '{repository}'",
        why="it does not prove that it knows the repository's webhook secret",
        fix=f"make a secret with: fairway repo hook {repository}, and give it to the server",
        status=401,
    )
