"""From what a caller asks to an answer; the API and the pages share it."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from apps.core.api.pagination import CursorPage
from apps.core.auth import Resource
from apps.iam.access import queries
from apps.iam.access.explanation import Explanation, Way, explain, ways_of
from apps.iam.access.permissions import AccessPermission


def question(request: Any, *, permission: str, subject: str = "", resource: str = "") -> Explanation:
    """The explanation that a request asks for. Only whoever may ask about others is told others' names.

    Raises MissingPermission when it is about somebody else, SubjectNotFound, InvalidQuestion, Invalid.
    """
    caller = request.principal
    if subject and subject not in (str(caller.subject), caller.email):
        caller.require(AccessPermission.EXPLAIN)
    return explain(
        queries.subject_named(subject or str(caller.subject)),
        permission,
        Resource.parsed(resource) if resource else None,
        now=timezone.now(),
        caller=caller,
        naming=caller.may(AccessPermission.EXPLAIN),
    )


def page_of_those_who_can(
    request: Any, permission: str, resource: Resource | None, *, kind: str
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """One page of who may do it, each with the decision in words; and the `meta` of the page. Raises Invalid."""
    queries.require_permission_exists(permission)
    now = timezone.now()
    page = CursorPage(queries.who_can(permission, resource, kind=kind, now=now)).page(request.GET)
    decided = queries.decisions(page.rows, permission, resource, kind=kind, now=now)
    ways: list[list[Way]] = ways_of([decision for _, decision in decided])
    rows = [
        {"subject": subject, "allowed": decision.allowed, "reason": decision.reason, "paths": found}
        for (subject, decision), found in zip(decided, ways, strict=True)
    ]
    return rows, page.meta(request)
