"""What is kept about a person: where they are signed in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from apps.iam.exports.personal import PersonalData, Subject, register
from apps.iam.sessions import queries

_NAMES = ("id", "kind", "name", "device", "user_agent", "address", "acr", "amr", "created_at", "last_seen_at")
_ENDS = ("expires_at", "ended_at", "end_reason", "tenant_id", "reason")


def _sessions(subject: Subject) -> Iterator[dict[str, Any]]:
    for one in queries.kept_sessions(subject.user_id, everywhere=subject.is_own):
        yield {name: getattr(one, name) for name in (*_NAMES, *_ENDS)}


register(PersonalData("sessions", "Where they signed in", _sessions))
