"""What is kept about a person: what they changed, and what the security log says by and about them, in this company."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from apps.core.history.changes import ChangeFilter, place_of
from apps.iam.audit import queries, security_queries
from apps.iam.exports.personal import PersonalData, Subject, register

_PAGE = 500
_CHANGE = ("at", "entity", "entity_id", "action", "before", "after", "reason", "actor_id", "actor_name")
_RECORD = (
    "at",
    "kind",
    "outcome",
    "actor_id",
    "actor_name",
    "subject_id",
    "address",
    "user_agent",
    "reason",
    "details",
)


def _changes(subject: Subject) -> Iterator[dict[str, Any]]:
    before = None
    while True:
        page = queries.changes(ChangeFilter(search=str(subject.user_id), before=before), limit=_PAGE)
        for one in page:
            yield {name: getattr(one, name) for name in _CHANGE}
        if len(page) < _PAGE:
            return
        before = place_of(page[-1])


def _records(subject: Subject) -> Iterator[dict[str, Any]]:
    rows = security_queries.records_concerning(subject.user_id)
    for page in security_queries.in_chain_order(rows):
        for one in page:
            yield {name: getattr(one, name) for name in _RECORD}


register(PersonalData("changes", "What they changed in this company, and what was changed of them", _changes))
register(PersonalData("security_log", "What the security log says by and about them in this company", _records))
