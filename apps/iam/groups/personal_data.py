"""What is kept about a person: the groups they belong to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from apps.iam.exports.personal import PersonalData, Subject, register
from apps.iam.groups import queries


def _groups(subject: Subject) -> Iterator[dict[str, Any]]:
    for one in queries.groups_of(subject.user_id):
        yield {"id": one.id, "name": one.name, "roles": one.role_codes}  # type: ignore[attr-defined]


register(PersonalData("groups", "The groups in this company", _groups))
