"""What is kept about a person: as whom other identity providers know them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from apps.iam.exports.personal import PersonalData, Subject, register
from apps.iam.identity_providers import queries

_NAMES = ("id", "subject", "email", "created_at", "last_used_at")


def _links(subject: Subject) -> Iterator[dict[str, Any]]:
    for one in queries.links_of(subject.user_id):
        yield {"provider": one.provider.name, "issuer": one.provider.issuer} | {
            name: getattr(one, name) for name in _NAMES
        }


register(PersonalData("identities", "Identities at other providers that they sign in here with", _links))
