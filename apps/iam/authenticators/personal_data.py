"""What is kept about a person: the names of their second factors. No company is told of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from apps.iam.authenticators import queries
from apps.iam.exports.personal import PersonalData, Subject, register


def _factors(subject: Subject) -> Iterator[dict[str, Any]]:
    if not subject.is_own:
        return
    held = queries.held_by(subject.user_id)
    for one in held.factors:
        facts = {name: getattr(one, name) for name in ("id", "name", "created_at", "last_used_at")}
        yield {"kind": type(one).__name__.lower(), **facts}
    if held.codes is not None:
        yield {"kind": "recovery_codes", "left": held.codes_left, "made_at": held.codes.made_at}


register(PersonalData("authenticators", "Second factors", _factors))
