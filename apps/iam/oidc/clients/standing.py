"""Whether a client may act at this moment, by itself or for somebody."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.core.tenancy import tenant
from apps.iam.applications import queries as consents
from apps.iam.oidc.models import Application
from apps.iam.service_accounts import queries as accounts


def may_act(client: Application) -> bool:
    """False for the client of a service account that is disabled or deleted. One statement for a machine, else none."""
    if client.kind != Application.Kind.MACHINE or client.tenant_id is None:
        return True
    with tenant(client.tenant_id):
        return accounts.may_act(client.id)


def may_act_for(client: Application, *, user_id: UUID, tenant_id: UUID, since: datetime) -> bool:
    """True while what a client was given for a person at that moment is still backed by consent. One statement, none
    for clients that need no consent.
    """
    if client.skip_authorization:
        return True
    with tenant(tenant_id):
        return consents.holds(application_id=client.id, user_id=user_id, since=since)
