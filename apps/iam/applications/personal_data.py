"""What is kept about a person: which applications they let act for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from apps.iam.applications import queries
from apps.iam.exports.personal import PersonalData, Subject, register


def _consents(subject: Subject) -> Iterator[dict[str, Any]]:
    for one in queries.consents_of(subject.user_id):
        yield {name: getattr(one, name) for name in ("id", "application_id", "scopes", "given_at")}


register(PersonalData("consents", "Applications that may act for them in this company", _consents))
