"""Applications come and go: what `oidc.clients` does, with what belongs to it elsewhere."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.iam.applications.models import ApplicationApproval, Consent
from apps.iam.oidc.clients import commands as clients
from apps.iam.oidc.clients import queries
from apps.iam.oidc.clients.commands import Registered
from apps.iam.service_accounts import commands as service_accounts

MACHINE = "machine"


def register_application(*, kind: str, actor: Actor, now: datetime, **facts: Any) -> Registered:
    """Make an application of the current tenant. A `machine` is made with a service account of the same name, which has
    no role yet.

    Raises InvalidApplication, InvalidServiceAccount.
    """
    if kind != MACHINE:
        return clients.register(kind=kind, actor=actor, **facts)
    with unit_of_work(Consent, actor=actor):
        said = {"name": facts.pop("name", ""), "description": facts.get("description", "")}
        account = service_accounts.create_service_account(**said, roles=(), actor=actor, now=now)
        _, secret = service_accounts.issue_client(account_id=account.id, actor=actor, now=now)
        client = clients.update(application_id=account.id, actor=actor, **facts)
    return Registered(client, secret)


def erase_application(*, application_id: UUID, confirmation: str, actor: Actor) -> None:
    """Remove a deleted application for good, with the consents and the approval that name it.

    Raises ApplicationNotFound, ApplicationNotDeleted, ConfirmationWrong.
    """
    with unit_of_work(Consent, actor=actor):
        queries.lock_application(application_id)
        clients.erase(application_id=application_id, confirmation=confirmation, actor=actor)
        for model in (Consent, ApplicationApproval):
            model.objects.in_tenant().filter(application_id=application_id).delete()
