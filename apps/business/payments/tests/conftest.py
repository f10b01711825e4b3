"""Payments against the simulator, as the worker would have them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.business.payments import commands, queries, simulation
from apps.business.payments.providers.simulator import cards
from apps.core.history import Actor

ADA = Actor(kind="user", id=uuid4(), name="Ada")
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


class Till:
    """One company's payments, with a clock that only moves when it is told to. It is ahead of what is asked by HTTP."""

    def __init__(self):
        self.now = timezone.now() + timedelta(hours=1)

    def authorise(self, amount_minor=1000, method=cards.GOOD, order_id=None):
        return commands.authorise(
            order_id=order_id or uuid4(),
            amount_minor=amount_minor,
            currency="GBP",
            method=method,
            actor=ADA,
            now=self.now,
        )

    def authorised(self, amount_minor=1000, method=cards.GOOD):
        return self.worked(self.authorise(amount_minor, method))

    def captured(self, amount_minor=1000, method=cards.GOOD):
        return self.capture(self.authorised(amount_minor, method))

    def capture(self, payment, amount_minor=None):
        commands.capture(payment_id=payment.id, amount_minor=amount_minor, actor=ADA, now=self.now)
        return self.worked(payment)

    def void(self, payment):
        commands.void(payment_id=payment.id, actor=ADA, now=self.now)
        return self.worked(payment)

    def refund(self, payment, amount_minor, key="r1"):
        commands.refund(
            payment_id=payment.id, amount_minor=amount_minor, request_key=key, reason="late", actor=ADA, now=self.now
        )
        return self.worked(payment)

    def worked(self, payment):
        """After a worker has asked what is due at this moment."""
        while queries.open_operations(payment.id) and commands.work_on(payment_id=payment.id, now=self.now):
            pass
        return queries.payment(payment.id)

    def later(self, payment, **span):
        """After some time, and what a worker does then."""
        self.now += timedelta(**span)
        return self.worked(payment)

    def hear(self, clock=None):
        """Take the webhook calls that are due; how many there were."""
        return simulation.hand_over_notices(clock=lambda: self.now)

    def balances(self):
        return {balance.code: balance.balance_minor for balance in queries.trial_balance()}


@pytest.fixture(autouse=True)
def _simulator(settings, tmp_path, monkeypatch):
    settings.PAYMENT_SIMULATOR = True
    settings.PAYMENT_SIMULATOR_FILE = str(tmp_path / "simulator.sqlite3")
    settings.PAYMENT_SIMULATOR_LATE_S = 0


@pytest.fixture
def till():
    return Till()
