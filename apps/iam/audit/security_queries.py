"""Reads of the security log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from apps.core.tenancy import PLATFORM, current_tenant_id, person, require_tenant_id, tenant
from apps.iam.audit.errors import SecurityEventNotFound
from apps.iam.audit.models import SecurityChain, SecurityRecord, SecurityRecordQuerySet
from apps.iam.users import queries as users

PAGE = 1000
_MOST_PEOPLE = 100


def security_records() -> SecurityRecordQuerySet:
    """The records of the current tenant's chain, newest first. One statement."""
    return SecurityRecord.objects.in_tenant().order_by("-recorded_at", "-event_id")


def security_record(event_id: UUID) -> SecurityRecord:
    """One record of the current tenant's chain. Raises SecurityEventNotFound."""
    found = SecurityRecord.objects.in_tenant().filter(event_id=event_id).first()
    if found is None:
        raise SecurityEventNotFound
    return found


def records_about(subject_id: UUID) -> SecurityRecordQuerySet:
    """What is about one person or service account, newest first; evaluate it in the scope that may see it."""
    return SecurityRecord.objects.filter(subject_id=subject_id).order_by("-recorded_at", "-event_id")


def records_concerning(person_id: UUID) -> SecurityRecordQuerySet:
    """What the current tenant's chain says by one person, in their name, and about them."""
    concerns = Q(actor_id=person_id) | Q(impersonator_id=person_id) | Q(subject_id=person_id)
    return SecurityRecord.objects.in_tenant().filter(concerns)


def own_record(event_id: UUID, *, subject_id: UUID) -> SecurityRecord:
    """One record about somebody, in any tenant, for their own eyes only. Raises SecurityEventNotFound."""
    with person(subject_id):
        found = records_about(subject_id).filter(event_id=event_id).first()
    if found is None:
        raise SecurityEventNotFound
    return found


def in_chain_order(rows: SecurityRecordQuerySet, *, page: int = PAGE) -> Iterator[list[SecurityRecord]]:
    """Rows of the current tenant by their place in the chain, page by page; also several that claim the same place.

    The tenant is entered anew for each page, so that they may be read after the caller has left it. Raises NoTenant.
    """
    return _pages(rows, require_tenant_id(), page)


def _pages(rows: SecurityRecordQuerySet, tenant_id: UUID, page: int) -> Iterator[list[SecurityRecord]]:
    after: tuple[int, UUID] | None = None
    while True:
        wanted = rows
        if after is not None:
            wanted = rows.filter(sequence__gte=after[0]).exclude(sequence=after[0], event_id__lte=after[1])
        with tenant(tenant_id):
            found = list(wanted.order_by("sequence", "event_id")[:page])
        if found:
            yield found
        if len(found) < page:
            return
        after = found[-1].sequence, found[-1].event_id


def head() -> SecurityChain:
    """Where the current tenant's chain ends; an empty one where nothing was recorded. One statement."""
    return SecurityChain.objects.filter(tenant_id=require_tenant_id()).first() or SecurityChain()


def people_called(q: str) -> list[UUID]:
    """The ids of the first hundred members whose name or address begins with `q`. One statement."""
    return list(users.members(q=q).values_list("user_id", flat=True)[:_MOST_PEOPLE])


def names_of(records: Iterable[SecurityRecord]) -> dict[UUID, str]:
    """What to call the subjects of these records in the tenant that is entered. One statement.

    Of the platform's own chain these are people of any tenant: only its staff reads it.
    """
    ids = {record.subject_id for record in records}
    tenant_id = current_tenant_id()
    if tenant_id is None or not ids:
        return {}
    if tenant_id == PLATFORM:
        return {user.id: user.name or user.email for user in users.users(ids)}
    return users.names(ids)


def first_place_since(moment: datetime) -> int:
    """The place of the first record of the current tenant since a moment; behind the last one if there is none."""
    found = (
        SecurityRecord.objects.in_tenant().filter(recorded_at__gte=moment).order_by("recorded_at", "event_id").first()
    )
    return found.sequence if found else head().sequence + 1
