"""Mail to whoever looks after the webhooks of a tenant."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from apps.core import mail
from apps.core.tenancy import require_tenant_id
from apps.core.webhooks.models import WebhookEndpoint
from apps.core.webhooks.permissions import WebhookPermission


def tell_of_disabling(endpoint: WebhookEndpoint, *, failing_since: datetime, now: datetime) -> None:
    """Tell everybody who may enable it again. One statement for the people, three for each."""
    people: Iterable[Any] = import_string(settings.PEOPLE_WHO_MAY)(WebhookPermission.MANAGE)
    for person in people:
        mail.notify(
            template="webhook_disabled",
            to=person.email,
            context={"name": person.name, "endpoint": endpoint, "failing_since": failing_since},
            now=now,
            tenant_id=require_tenant_id(),
            person_id=person.id,
        )
