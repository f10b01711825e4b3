"""What is kept about a person: what the company's directory says of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from apps.iam.exports.personal import PersonalData, Subject, register
from apps.iam.scim import queries

_NAMES = ("id", "external_id", "user_name", "attributes", "created_at", "updated_at", "deleted_at")


def _entries(subject: Subject) -> Iterator[dict[str, Any]]:
    for one in queries.ever_said_of(subject.user_id):
        yield {name: getattr(one, name) for name in _NAMES}


register(PersonalData("directory", "What this company's directory says of them", _entries))
