"""Many at once, on real transactions: one effect, and never more than there is."""

import threading
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connections
from django.utils import timezone

from apps.business.payments import commands, queries, tasks, waking
from apps.business.payments.errors import OrderHasPayment, PaymentNotRefundable
from apps.business.payments.models import LedgerEntry, Payment
from apps.business.payments.providers import registry, signing
from apps.business.payments.providers.simulator import cards
from apps.business.payments.tests.conftest import ADA
from apps.core.errors import DomainError
from apps.core.tenancy import tenant

MANY = 8
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def at_once(tenant_id):
    """`at_once(work)`: `work(number)` by many threads together; how often each outcome came."""

    def run(work):
        outcomes, ready = [], threading.Barrier(MANY)

        def one(number):
            try:
                with tenant(tenant_id):
                    ready.wait(timeout=30)
                    outcomes.append(work(number))
            except DomainError as refused:
                outcomes.append(type(refused))
            finally:
                for alias in ("business", "default"):
                    connections[alias].close()

        threads = [threading.Thread(target=one, args=(number,)) for number in range(MANY)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        assert len(outcomes) == MANY
        return Counter(outcomes)

    return run


@pytest.fixture
def captured(till, tenant_id):
    with tenant(tenant_id):
        return till.captured(1000)


class TestManyAtOnce:
    def test_start_one_payment_for_an_order(self, till, at_once, tenant_id):
        order_id = uuid4()

        outcomes = at_once(lambda _: till.authorise(order_id=order_id).id)

        with tenant(tenant_id):
            assert outcomes == {Payment.objects.in_tenant().get().id: MANY}

    def test_start_one_payment_whatever_the_card(self, till, at_once, tenant_id):
        order_id, methods = uuid4(), list(cards.CARDS)

        outcomes = at_once(lambda number: till.authorise(order_id=order_id, method=methods[number]).status)

        assert outcomes == {"authorising": 1, OrderHasPayment: MANY - 1}

    def test_give_back_no_more_than_was_taken(self, till, at_once, captured, tenant_id):
        def refund(number):
            till.refund(captured, 300, key=str(number))
            return "given back"

        assert at_once(refund) == {"given back": 3, PaymentNotRefundable: MANY - 3}
        with tenant(tenant_id):
            assert queries.payment(captured.id).refunded_minor == 900
            assert till.balances()["receivables"] == -100

    def test_ask_the_provider_once(self, till, at_once, tenant_id):
        with tenant(tenant_id):
            payment = till.authorise()

        outcomes = at_once(lambda _: commands.work_on(payment_id=payment.id, now=till.now))

        with tenant(tenant_id):
            (operation,) = queries.operations_of(payment.id)
        assert outcomes == {True: 1, False: MANY - 1}
        assert (operation.attempts, operation.state) == (1, "succeeded")

    def test_take_a_call_once(self, till, at_once, tenant_id):
        with tenant(tenant_id):
            payment = till.authorised(method=cards.SILENT)
        with registry.simulator().store.session() as session:
            ((_, _, body),) = session.due_notices(float("inf"))
        signed = {
            signing.HEADER: signing.signature(registry.simulator_secret(), body.encode(), at=till.now),
        }

        outcomes = at_once(
            lambda _: commands.receive_notice(provider="simulator", body=body.encode(), headers=signed, now=till.now)
        )

        with tenant(tenant_id):
            assert len(queries.timeline(payment.id)) == 2
        assert outcomes == {True: 1, False: MANY - 1}

    def test_book_a_payout_once(self, till, at_once, tenant_id):
        def book(_):
            return commands.record_payout(
                reference="po_1", amount_minor=5, currency="GBP", actor=ADA, now=till.now
            ).reference

        assert at_once(book) == {"po_1": MANY}
        with tenant(tenant_id):
            assert LedgerEntry.objects.in_tenant().count() == 1
            assert till.balances() == {"provider": -5, "bank": 5}


class TestWorkers:
    def test_find_what_is_due_in_every_tenant_and_nothing_else(self, till, tenant_id, other_tenant_id):
        till.now = timezone.now()
        with tenant(tenant_id):
            due, done = till.authorise(), till.authorised()
        with tenant(other_tenant_id):
            others = till.authorise()

        found = waking.due_payments(now=till.now)

        assert {(tenant_id, due.id), (other_tenant_id, others.id)} <= set(found)
        assert done.id not in [payment_id for _, payment_id in found]
        assert waking.due_payments(now=till.now - timedelta(days=1)) == []

    def test_carry_a_payment_and_the_providers_calls_to_the_end(self, till, tenant_id, settings):
        till.now = timezone.now()
        with tenant(tenant_id):
            payment = till.authorise(method=cards.SILENT)

        tasks.work(tenant_id=str(tenant_id), payment_id=str(payment.id))
        with suppress(ConnectionError):
            tasks.sweep()

        with tenant(tenant_id):
            assert queries.payment(payment.id).status == Payment.Status.AUTHORISED

    def test_that_die_while_asking_let_another_ask_after_the_lease(self, till, tenant_id, monkeypatch, settings):
        with tenant(tenant_id):
            payment = till.authorise()

        def dies(*_):
            raise SystemExit

        with monkeypatch.context() as context, tenant(tenant_id):
            context.setattr("apps.business.payments.commands.working._write_down", dies)
            with pytest.raises(SystemExit):
                till.worked(payment)
        with tenant(tenant_id):
            assert till.worked(payment).status == Payment.Status.AUTHORISING
            assert till.later(payment, seconds=settings.PAYMENT_LEASE_S).status == Payment.Status.AUTHORISED
        with registry.simulator().store.session() as session:
            assert len(session.things(str(tenant_id))) == 1
