"""Refused requests reach the security log: once each, and never as a flood."""

from __future__ import annotations

from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
import time_machine
from django.core.cache import caches

from apps.core.auth import Principal, denials
from apps.core.auth.denials import PER_MINUTE
from apps.core.errors import Conflict, Forbidden

told: list[tuple[str, dict]] = []


def remember(kind: str, **facts: object) -> None:
    told.append((kind, facts))


def fail(kind: str, **facts: object) -> None:
    raise ConnectionError("the log is away")


@pytest.fixture(autouse=True)
def recorder(settings):
    settings.SECURITY_RECORDER = f"{__name__}.remember"
    told.clear()


def request_of(subject: UUID, error: BaseException | None = None, path: str = "/api/v1/users") -> SimpleNamespace:
    principal = Principal(subject=subject, kind="user", tenant_id=uuid4(), permissions=frozenset())
    request = SimpleNamespace(principal=principal, method="GET", path=path)
    if error is not None:
        denials.note(request, error)
    return request


class TestRecord:
    def test_says_who_was_refused_what(self):
        subject = uuid4()

        denials.record(request_of(subject, Forbidden("no", permission="users.view", reason="not_granted")))

        ((kind, facts),) = told
        assert (kind, facts["subject_id"], facts["outcome"], facts["reason"]) == (
            "access.denied",
            subject,
            "denied",
            "no",
        )
        assert facts["details"] == {
            "code": "forbidden",
            "permission": "users.view",
            "method": "GET",
            "path": "/api/v1/users",
            "reason": "not_granted",
        }

    def test_says_nothing_of_other_errors_or_none(self):
        denials.record(request_of(uuid4(), Conflict()))
        denials.record(request_of(uuid4()))

        assert told == []

    def test_of_one_subject_and_permission_is_bounded_and_says_how_many_were_left_out(self):
        subject, other, tenant_id = uuid4(), uuid4(), uuid4()

        def refuse(who: UUID, permission: str = "users.view") -> None:
            request = request_of(who, Forbidden("no", permission=permission))
            request.principal = Principal(subject=who, kind="user", tenant_id=tenant_id, permissions=frozenset())
            denials.record(request)

        with time_machine.travel("2026-12-01T10:00:00Z", tick=False):
            for _ in range(PER_MINUTE + 3):
                refuse(subject)
            refuse(subject, "roles.view")
            refuse(other)
        with time_machine.travel("2026-12-01T10:01:00Z", tick=False):
            refuse(subject)
            refuse(subject)

        of_subject = [facts for _, facts in told if facts["subject_id"] == subject]
        assert len(of_subject) == PER_MINUTE + 1 + 2
        assert [facts["details"].get("left_out") for facts in of_subject[-2:]] == ["3", None]
        assert len(told) == len(of_subject) + 1

    def test_is_bounded_while_the_store_is_away(self, monkeypatch):
        def away(*args: object, **kwargs: object) -> None:
            raise ConnectionError

        for name in ("add", "incr", "get"):
            monkeypatch.setattr(type(caches["limits"]), name, away)
        request = request_of(uuid4(), Forbidden("no"))

        for _ in range(PER_MINUTE + 3):
            denials.record(request)

        assert len(told) == PER_MINUTE

    def test_lets_a_refusal_stay_a_refusal_when_the_log_is_away(self, settings):
        settings.SECURITY_RECORDER = f"{__name__}.fail"

        denials.record(request_of(uuid4(), Forbidden("no")))
