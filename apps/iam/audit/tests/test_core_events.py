"""What the core's own parts tell the security log."""

from __future__ import annotations

import pytest
from django.utils import timezone

from apps.core.db.ids import uuid7
from apps.core.history import Actor, Origin, acting, coming_from
from apps.core.webhooks import commands
from apps.iam.audit.models import SecurityRecord

ADA = Actor(kind="user", id=uuid7(), name="Ada King")


@pytest.mark.django_db
def test_who_sends_events_where_is_in_the_security_log(company, drain):
    url = "https://hooks.example.com/token-in-the-path"
    with acting(ADA), coming_from(Origin("192.0.2.1", "curl/8", "the-session")):
        issued = commands.create_endpoint(url=url, event_types=["iam.*"], actor=ADA, now=timezone.now())
        commands.rotate_secret(endpoint_id=issued.endpoint.id, actor=ADA, now=timezone.now())

    drain()

    made, rotated = SecurityRecord.objects.in_tenant().filter(kind="webhook.changed").order_by("sequence")
    assert (made.subject_id, made.actor_name, made.address) == (issued.endpoint.id, "Ada King", "192.0.2.1")
    assert made.details == {"change": "created", "host": "hooks.example.com", "event_types": "iam.*"}
    assert rotated.details["change"] == "secret_rotated"
