"""Sessions for tests."""

from __future__ import annotations

from datetime import timedelta

import factory
from django.utils import timezone

from apps.iam.sessions.models import Session
from apps.iam.users.tests.factories import UserFactory


class SessionFactory(factory.django.DjangoModelFactory):
    """A live session; `tenant_id=…` says in which tenant it was used."""

    class Meta:
        model = Session

    user = factory.SubFactory(UserFactory)
    tenant_id = None
    tenant_ids = factory.LazyAttribute(lambda session: [session.tenant_id] if session.tenant_id else [])
    device = "Firefox on Linux"
    address = "192.0.2.7"
    acr = "aal1"
    amr = ["pwd"]
    last_seen_at = factory.LazyFunction(timezone.now)
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(hours=12))
