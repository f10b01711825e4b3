"""What is kept about a person: their own API keys, without what they are recognised by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from apps.iam.exports.personal import PersonalData, Subject, register
from apps.iam.service_accounts import queries

_NAMES = ("id", "name", "hint", "scopes", "created_at", "expires_at", "revoked_at", "last_used_at", "last_used_from")


def _keys(subject: Subject) -> Iterator[dict[str, Any]]:
    for one in queries.keys_of(subject.user_id):
        yield {name: getattr(one, name) for name in _NAMES}


register(PersonalData("api_keys", "Personal API keys in this company", _keys))
