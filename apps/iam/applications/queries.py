"""Reads of consents, approvals and the tenant's rule for both. Applications themselves: `oidc.clients.queries`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from uuid import UUID

from django.db.models import CharField, Exists, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from apps.core.history.changes import Change, ChangeFilter, changes_of, newest
from apps.iam.applications.errors import ConsentNotFound
from apps.iam.applications.models import ApplicationApproval, Consent, ConsentSettings
from apps.iam.oidc.clients import queries as clients

ANYONE, APPROVED_ONLY = ConsentSettings.Policy.ANYONE, ConsentSettings.Policy.APPROVED_ONLY
POLICIES = tuple(ConsentSettings.Policy.values)


class Verdict(Enum):
    """Whether an application may act for a person."""

    AGREED = "the person has agreed to all of this"
    TO_BE_ASKED = "the person has not been asked for all of this yet"
    NOT_APPROVED = "an administrator must approve the application first"


def verdict(*, application_id: UUID, user_id: UUID, scopes: Iterable[str]) -> Verdict:
    """Whether an application that needs consent may have these scopes for a person, in the current tenant.

    Two statements, one where the tenant wants an approval that is missing.
    """
    if consent_policy() == APPROVED_ONLY and not is_approved(application_id):
        return Verdict.NOT_APPROVED
    consent = Consent.objects.in_tenant().filter(user_id=user_id, application_id=application_id).first()
    return Verdict.AGREED if consent is not None and consent.covers(scopes) else Verdict.TO_BE_ASKED


def holds(*, application_id: UUID, user_id: UUID, since: datetime) -> bool:
    """True while what an application was given at that moment is still backed by the person's consent and, where the
    tenant wants one, by an approval. One statement.
    """
    approved = ApplicationApproval.objects.in_tenant().filter(application_id=application_id)
    rows = Consent.objects.in_tenant().filter(user_id=user_id, application_id=application_id)
    found = rows.annotate(policy=_policy(), is_approved=Exists(approved)).first()
    if found is None or since.replace(microsecond=0) < found.given_at.replace(microsecond=0):
        return False
    return bool(found.is_approved or found.policy != APPROVED_ONLY)


def consent_policy() -> str:
    """`anyone`: members decide by themselves; `approved_only`: among approved applications. One statement."""
    found = ConsentSettings.objects.in_tenant().values_list("policy", flat=True).first()
    return str(found or ANYONE)


def is_approved(application_id: UUID) -> bool:
    """True if an administrator of the current tenant has approved the application. One statement."""
    return bool(ApplicationApproval.objects.in_tenant().filter(application_id=application_id).exists())


def approvals(application_ids: Iterable[UUID]) -> dict[UUID, ApplicationApproval]:
    """The approvals among these applications. One statement."""
    rows = ApplicationApproval.objects.in_tenant().filter(application_id__in=list(application_ids))
    return {row.application_id: row for row in rows}


def consents_to(application_id: UUID) -> QuerySet[Consent]:
    """Who lets an application act, the newest consent first. One statement."""
    rows: QuerySet[Consent] = Consent.objects.in_tenant().filter(application_id=application_id)
    return rows.order_by("-given_at", "-id")


def consents_of(user_id: UUID) -> QuerySet[Consent]:
    """What a person lets applications do, the newest consent first. One statement."""
    rows: QuerySet[Consent] = Consent.objects.in_tenant().filter(user_id=user_id)
    return rows.order_by("-given_at", "-id")


def lock_consent(rows: QuerySet[Consent], consent_id: UUID) -> Consent:
    """One of these consents, locked to the end of the transaction. Raises ConsentNotFound."""
    found = rows.select_for_update().filter(id=consent_id).first()
    if found is None:
        raise ConsentNotFound
    return found


def changes(where: ChangeFilter, *, limit: int) -> list[Change]:
    """Changes of consents, approvals and the rule for both, newest first."""
    return changes_of(Consent, ApplicationApproval, ConsentSettings, where=where, limit=limit)


def changes_of_application(application_id: UUID, *, limit: int) -> list[Change]:
    """Changes of one application of the tenant's and of its approval, newest first."""
    history = ApplicationApproval.pgh_event_model.objects.filter(application_id=application_id)  # type: ignore[attr-defined]
    ids = tuple(set(history.values_list("pgh_obj_id", flat=True)))
    own = clients.changes(ChangeFilter(entity_ids=(application_id,)), limit=limit)
    approvals = changes_of(ApplicationApproval, where=ChangeFilter(entity_ids=ids), limit=limit)
    return newest([own, approvals], limit=limit)


def _policy() -> Coalesce:
    wanted = ConsentSettings.objects.filter(tenant_id=OuterRef("tenant_id")).values("policy")[:1]
    return Coalesce(Subquery(wanted), Value(str(ANYONE)), output_field=CharField())
