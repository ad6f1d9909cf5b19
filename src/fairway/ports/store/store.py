"""The store and its unit of work.

Belongs here: opening a transaction, and the tables by noun that it gives.
"""

from abc import abstractmethod
from contextlib import AbstractContextManager
from typing import Protocol

from fairway.ports.store.audit_log import AuditLog
from fairway.ports.store.deployments import Deployments
from fairway.ports.store.entities import Entities
from fairway.ports.store.golden_paths import GoldenPaths
from fairway.ports.store.idempotency import IdempotencyKeys
from fairway.ports.store.nodes import Nodes
from fairway.ports.store.plans import Plans
from fairway.ports.store.platform_seal import PlatformSeal
from fairway.ports.store.releases import Releases
from fairway.ports.store.repositories import Repositories
from fairway.ports.store.runs import Runs
from fairway.ports.store.users import Users
from fairway.ports.store.work_queue import Marker


class Transaction(Protocol):
    """All nouns of the store within one transaction; valid until its block ends."""

    audit: AuditLog
    deployments: Deployments
    entities: Entities
    golden_paths: GoldenPaths
    idempotency: IdempotencyKeys
    nodes: Nodes
    plans: Plans
    platform_seal: PlatformSeal
    queue: Marker
    releases: Releases
    repositories: Repositories
    runs: Runs
    users: Users


class Store(Protocol):
    """Opens transactions; thread-safe."""

    @abstractmethod
    def read(self) -> AbstractContextManager[Transaction]:
        """Open a transaction that sees one state of the store and changes nothing."""

    @abstractmethod
    def write(self) -> AbstractContextManager[Transaction]:
        """Open a serialised transaction: all of it is committed at the block's end, or none.

        Raises:
            Unavailable: STORE-AWAY or STORE-BUSY; nothing was changed.
        """
