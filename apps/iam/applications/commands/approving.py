"""What a tenant's administrators decide for everybody."""

from __future__ import annotations

from uuid import UUID

from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.core.tenancy import require_tenant_id
from apps.iam.applications.errors import UnknownConsentPolicy
from apps.iam.applications.models import ApplicationApproval, ConsentSettings
from apps.iam.applications.queries import POLICIES
from apps.iam.audit.commands import record_security_event
from apps.iam.audit.kinds import Kind
from apps.iam.oidc.clients import queries as clients


def approve(*, application_id: UUID, actor: Actor) -> None:
    """Let members choose an application where only approved ones may be chosen. Safe to repeat.

    Raises ApplicationNotFound.
    """
    with unit_of_work(ApplicationApproval, actor=actor):
        name = clients.application(application_id).name
        row = ApplicationApproval(application_id=application_id)
        row.created_by = row.updated_by = actor.id  # bulk_create passes `save` by, which would do this
        ApplicationApproval.objects.bulk_create([row], ignore_conflicts=True)
        if ApplicationApproval.objects.in_tenant().filter(id=row.id).exists():
            details = {"name": name, "changed": "approved"}
            record_security_event(Kind.APPLICATION_CHANGED, subject_id=application_id, details=details)


def withdraw_approval(*, application_id: UUID, actor: Actor) -> None:
    """Take an approval back. Where only approved applications may be chosen, its tokens are refused at once; consents
    stay, and count again with a new approval. Safe to repeat. Raises ApplicationNotFound.
    """
    with unit_of_work(ApplicationApproval, actor=actor):
        name = clients.application(application_id).name
        gone, _ = ApplicationApproval.objects.in_tenant().filter(application_id=application_id).delete()
        if gone:
            details = {"name": name, "changed": "approval withdrawn"}
            record_security_event(Kind.APPLICATION_CHANGED, subject_id=application_id, details=details)


def set_consent_policy(*, policy: str, actor: Actor) -> str:
    """Decide for the tenant: `anyone`, members consent by themselves; `approved_only`, to approved applications alone.

    Safe to repeat. Raises UnknownConsentPolicy.
    """
    if policy not in POLICIES:
        raise UnknownConsentPolicy(errors={"policy": [f"one of {', '.join(POLICIES)}"]})
    with unit_of_work(ConsentSettings, actor=actor):
        ConsentSettings.objects.bulk_create([ConsentSettings()], ignore_conflicts=True)
        row = ConsentSettings.objects.in_tenant().select_for_update().get()
        if row.policy != policy:
            row.policy = policy
            row.save(update_fields=["policy"])
            details = {"consent_policy": policy}
            record_security_event(Kind.SETTINGS_CHANGED, subject_id=require_tenant_id(), details=details)
    return policy
