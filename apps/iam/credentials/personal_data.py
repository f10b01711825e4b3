"""What is kept about a person: how they were invited into this company."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from apps.iam.credentials import queries
from apps.iam.credentials.errors import NoInvitation
from apps.iam.exports.personal import PersonalData, Subject, register


def _invitation(subject: Subject) -> Iterator[dict[str, Any]]:
    try:
        found = queries.invitation(subject.user_id)
    except NoInvitation:
        return
    yield {name: getattr(found, name) for name in ("id", "sent_at", "expires_at", "accepted_at", "revoked_at")}


register(PersonalData("invitation", "The invitation into this company", _invitation))
