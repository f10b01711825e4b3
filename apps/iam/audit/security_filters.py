"""From query parameters to records of the security log; the API, the pages and the export share it.

Each filter compares by `=` or a range, since only those may use an index below a row-level policy.
"""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q

from apps.core.api.filtering import text_after
from apps.core.api.moments import MomentFilter
from apps.iam.audit import kinds, security_queries
from apps.iam.audit.kinds import Kind, Outcome
from apps.iam.audit.models import SecurityRecord
from apps.iam.users.names import folded


class OwnSecurityEventFilter(django_filters.FilterSet):
    """What people may narrow their own activity by."""

    kind = django_filters.ChoiceFilter(choices=[(str(kind), str(kind)) for kind in Kind])
    group = django_filters.ChoiceFilter(
        choices=[(group, group) for group in kinds.groups()],
        method="in_group",
        help_text="All kinds of a group: `sign_in` has `sign_in.succeeded`, `sign_in.failed` …",
    )
    outcome = django_filters.ChoiceFilter(choices=[(str(outcome), str(outcome)) for outcome in Outcome])
    session = django_filters.CharFilter(field_name="session_id", max_length=200, help_text="The session's id (`sid`).")
    # `from` is a word of the language, so the class body is written into by name.
    vars()["from"] = MomentFilter(
        field_name="recorded_at", lookup_expr="gte", help_text="Recorded since this day (UTC) or moment."
    )
    to = MomentFilter(
        field_name="recorded_at",
        lookup_expr="lt",
        ends=True,
        help_text="Recorded up to this day (UTC), or before this moment.",
    )

    class Meta:
        model = SecurityRecord
        fields: list[str] = []

    def in_group(self, rows: Any, name: str, group: str) -> Any:
        return rows.filter(kind__in=kinds.groups()[group])


class SecurityEventFilter(OwnSecurityEventFilter):
    """What administrators may narrow the tenant's log by."""

    actor = django_filters.UUIDFilter(method="by_actor", help_text="Who did it, or in whose name: a person's id.")
    subject = django_filters.UUIDFilter(field_name="subject_id", help_text="Whose security it is about: an id.")
    address = django_filters.CharFilter(max_length=64, help_text="The network address that it came from.")
    q = django_filters.CharFilter(
        max_length=200, method="matching", help_text="Begins the name of somebody concerned, or the reason."
    )

    def by_actor(self, rows: Any, name: str, actor_id: Any) -> Any:
        return rows.filter(Q(actor_id=actor_id) | Q(impersonator_id=actor_id))

    def matching(self, rows: Any, name: str, text: str) -> Any:
        if not (key := folded(text)):
            return rows
        people = security_queries.people_called(text)
        concerned = Q(subject_id__in=people) | Q(actor_id__in=people)
        return rows.filter(concerned | _beginning("actor_key", key) | _beginning("reason_key", key))


def _beginning(column: str, prefix: str) -> Q:
    """A range instead of LIKE, which is not leakproof; exact where text is ordered by code point, as it is with us."""
    after = text_after(prefix)
    return Q(**{f"{column}__gte": prefix}, **({f"{column}__lt": after} if after else {}))
