"""What is kept about a person: the roles they hold and held, where they count and until when."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils import timezone

from apps.iam.exports.personal import PersonalData, Subject, register
from apps.iam.roles import assignments

_NAMES = ("id", "role_code", "scope", "created_at", "created_by", "expires_at", "deleted_at", "deleted_by")


def _assignments(subject: Subject) -> Iterator[dict[str, Any]]:
    now = timezone.now()
    for one in assignments.ever_held_by(subject.user_id):
        yield {**{name: getattr(one, name) for name in _NAMES}, "state": one.state(now)}


register(PersonalData("role_assignments", "Roles in this company, those that are over too", _assignments))
