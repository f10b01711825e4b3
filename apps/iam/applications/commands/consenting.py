"""People let applications act for them, or no longer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.iam.applications import queries
from apps.iam.applications.models import Consent
from apps.iam.audit.commands import record_security_event
from apps.iam.audit.kinds import Kind, Outcome
from apps.iam.oidc.clients import tokens


def give_consent(
    *, application_id: UUID, application_name: str, scopes: Iterable[str], actor: Actor, now: datetime
) -> Consent:
    """The actor lets an application act for them in the current tenant, within these scopes and those of before.

    Safe to repeat: what adds nothing tells nothing.
    """
    wanted, user_id = set(scopes), _person(actor)
    with unit_of_work(Consent, actor=actor):
        row = Consent(user_id=user_id, application_id=application_id, scopes=sorted(wanted), given_at=now)
        row.created_by = row.updated_by = actor.id  # bulk_create passes `save` by, which would do this
        Consent.objects.bulk_create([row], ignore_conflicts=True)  # a second answer, from another tab, waits here
        found: Consent = (
            Consent.objects.in_tenant().select_for_update().get(user_id=user_id, application_id=application_id)
        )
        if found.id != row.id and found.covers(wanted):
            return found
        if found.id != row.id:
            found.extend(wanted)
            found.save(update_fields=["scopes"])
        details = {
            "application_id": str(application_id),
            "application": application_name,
            "scopes": " ".join(found.scopes),
        }
        record_security_event(Kind.CONSENT_GIVEN, subject_id=user_id, details=details)
    return found


def note_denial(*, application_id: UUID, application_name: str, scopes: Iterable[str], actor: Actor) -> None:
    """The actor was asked and said no. Nothing is remembered but in the security log."""
    details = {
        "application_id": str(application_id),
        "application": application_name,
        "scopes": " ".join(sorted(scopes)),
    }
    record_security_event(
        Kind.CONSENT_GIVEN, subject_id=_person(actor), outcome=Outcome.DENIED, actor=actor, details=details
    )


def withdraw_consent(
    *, consent_id: UUID, actor: Actor, user_id: UUID | None = None, application_id: UUID | None = None
) -> None:
    """End a consent, and with it every code and token that the application holds for the person in this tenant: the
    next request with one of them is refused.

    One of the two ids says whose it must be: the person's own (`user_id`), or one to an application that the actor
    administers (`application_id`). Raises ConsentNotFound, also the second time.
    """
    rows = queries.consents_of(user_id) if user_id else queries.consents_to(application_id)  # type: ignore[arg-type]
    with unit_of_work(Consent, actor=actor):
        consent = queries.lock_consent(rows, consent_id)
        consent.delete()
        tokens.revoke_of_person(
            application_id=consent.application_id, user_id=consent.user_id, tenant_id=consent.tenant_id
        )
        details = {"application_id": str(consent.application_id), "scopes": " ".join(consent.scopes)}
        record_security_event(Kind.CONSENT_WITHDRAWN, subject_id=consent.user_id, details=details)


def _person(actor: Actor) -> UUID:
    if actor.kind != "user" or actor.id is None:
        raise ValueError("consents are people's")
    return actor.id
