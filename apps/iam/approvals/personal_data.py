"""What is kept about a person: what they asked approval for, what they decided on, and what was asked about them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from apps.iam.approvals import queries
from apps.iam.exports.personal import PersonalData, Subject, register

_NAMES = ("id", "kind", "status", "summary", "reason", "requested_by", "requested_by_name", "requested_at")
_MORE = ("subject_id", "decided_by", "decided_by_name", "decided_at", "decision_reason", "closed_at")


def _approvals(subject: Subject) -> Iterator[dict[str, Any]]:
    for one in queries.approvals_concerning(subject.user_id):
        yield {name: getattr(one, name) for name in (*_NAMES, *_MORE)}


register(PersonalData("approvals", "Requests for approval in this company", _approvals))
