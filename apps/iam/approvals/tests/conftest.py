"""A kind of change for tests, which only these tests declare: it counts how often it was made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone

from apps.core.errors import DomainError
from apps.core.history import Actor
from apps.iam.approvals import commands, gate, kinds
from apps.iam.approvals.kinds import ApprovalKind, Approved, Ask
from apps.iam.approvals.models import ApprovalRequest
from apps.iam.roles.permissions import RolePermission


@dataclass
class Launches:
    """What the kind did, and what it shall do."""

    made: list[Approved] = field(default_factory=list)
    error: Exception | None = None

    def make(self, change: Approved) -> None:
        if self.error is not None:
            raise self.error
        # As a real command does: it passes the gate, which is open for this one change.
        gate.require_approval(
            "tests.launch",
            subject_id=change.actor.id,  # type: ignore[arg-type]
            payload=change.payload,
            actor=change.actor,
            now=change.now,
        )
        self.made.append(change)


@pytest.fixture
def launches() -> Iterator[Launches]:
    """The kind `tests.launch`, made at once; and `tests.job_launch`, made by a job."""
    made = Launches()
    for code, as_job in (("tests.launch", False), ("tests.job_launch", True)):
        kinds.register(
            ApprovalKind(
                code=code,
                label="Launch something",
                describe=lambda payload: f"launch {payload['what']}",
                execute=made.make if not as_job else made.made.append,
                asker=RolePermission.ASSIGN,
                as_job=as_job,
            )
        )
    yield made
    for code in ("tests.launch", "tests.job_launch"):
        kinds._forget(code)


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def ask(launches, now):
    """`ask(actor, what="rocket")`: a request for approval."""

    def make(actor: Actor, what: str = "rocket", kind: str = "tests.launch", at: Any = None) -> ApprovalRequest:
        wanted = Ask(kind, actor.id, {"what": what})  # type: ignore[arg-type]
        return commands.request_approval(ask=wanted, reason="because", actor=actor, now=at or now)

    return make


class Refused(DomainError):
    """No."""

    code = "refused_by_test"
