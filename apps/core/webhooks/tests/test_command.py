"""`manage.py webhooks`."""

from __future__ import annotations

from io import StringIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.management import CommandError, call_command

from apps.core.jobs.testing import run_jobs
from apps.core.tenancy import no_tenant
from apps.core.webhooks.models import WebhookDelivery, WebhookEndpoint
from apps.core.webhooks.tests.conftest import NOW, PLACED, happened

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(in_tenant: UUID) -> Any:
    def call(*words: object) -> str:
        out = StringIO()
        with no_tenant():
            call_command("webhooks", *map(str, words), "--tenant", str(in_tenant), stdout=out)
        return out.getvalue()

    return call


class TestWebhooks:
    def test_are_listed_with_what_they_were_sent(self, run: Any, endpoint: WebhookEndpoint) -> None:
        happened()

        assert f"{endpoint.id}  enabled   {endpoint.url}  *" in run("list")
        assert PLACED in run("deliveries", endpoint.id, "--state", "pending")
        assert run("deliveries", endpoint.id, "--state", "failed") == ""

    def test_are_disabled_enabled_and_replayed(self, run: Any, endpoint: WebhookEndpoint) -> None:
        happened(now=NOW)
        assert "is disabled" in run("disable", endpoint.id)
        run("enable", endpoint.id)

        assert "replays them" in run("replay", endpoint.id, "--since", "2026-11-30T00:00")
        (job,) = run_jobs("default")

        assert job.result == {"replayed": WebhookDelivery.objects.filter(state="pending").count()}

    def test_that_there_are_not_are_told_in_one_line(self, run: Any) -> None:
        with pytest.raises(CommandError, match="webhook_not_found"):
            run("disable", uuid4())
