"""What workers do, as tests need it: at once, and one after the other."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from apps.business.payments import commands as payment_commands
from apps.business.payments import queries as payments
from apps.core.sagas.models import Instance
from apps.core.sagas.runner import Runner
from apps.core.tenancy import tenant


def go_on(tenant_id, drain, *, after=timedelta(minutes=1)):
    """As workers would find it some time later: the orders' way, and what is due of their payments."""
    at = timezone.now() + after
    with tenant(tenant_id):
        for _ in range(3):
            for saga in Instance.objects.using("business").all():
                Runner("business", clock=lambda: at).run(saga.id)
            for payment in payments.payments():
                payment_commands.work_on(payment_id=payment.id, now=at)
            drain()
