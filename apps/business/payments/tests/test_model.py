"""Whatever is wanted, asked, lost, told twice, late or out of order: what we say happened is what happened.

What happened is known by the provider alone: the simulator's own file, read past everything that is tested.
"""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from apps.business.payments import commands, queries
from apps.business.payments.events import PaymentCaptured, PaymentRefunded, PaymentRefundRefused
from apps.business.payments.models import LedgerEntry, Operation, Payment
from apps.business.payments.providers import registry, signing
from apps.business.payments.providers.simulator import cards
from apps.business.payments.tests.conftest import ADA, Till
from apps.core.errors import DomainError
from apps.core.tenancy import tenant

AMOUNTS = st.sampled_from([1, 300, 700, 1000, 1001])
KEYS = st.sampled_from(["a", "b", "c", "d"])


class APayment(RuleBasedStateMachine):
    tenant_id: UUID
    card: str
    begins_taken: bool

    @initialize(amount=st.sampled_from([700, 1000]))
    def begin(self, amount: int) -> None:
        self.till = Till()
        with tenant(self.tenant_id):
            self.payment = self.till.authorise(1000, self.card)
        self.id, self.wanted_back = self.payment.id, dict[str, int]()
        if self.begins_taken:
            self.settle()
            self.capture(amount)
            self.settle()

    @rule(amount=AMOUNTS)
    def capture(self, amount: int) -> None:
        self.tried(commands.capture, amount_minor=amount)

    @rule()
    def void(self) -> None:
        self.tried(commands.void)

    @rule(amount=AMOUNTS, key=KEYS)
    def refund(self, amount: int, key: str) -> None:
        """Refused exactly when more would be given back than the events say was taken, counting what was wanted."""
        known = self.wanted_back.get(key)
        fits = amount + self.on_its_way_or_back() <= self.captured()
        accepted = self.tried(commands.refund, amount_minor=amount, request_key=key)
        assert accepted == (fits if known is None else known == amount)
        if accepted:
            self.wanted_back[key] = amount

    @rule(minutes=st.integers(0, 20))
    def work(self, minutes: int) -> None:
        with tenant(self.tenant_id):
            self.till.later(self.payment, minutes=minutes)

    @rule(which=st.integers(0, 9), again=st.booleans())
    def hear_any(self, which: int, again: bool) -> None:
        """One call that is due, not the oldest perhaps; `again`: and once more some other time."""
        due = self.notices()
        if not due:
            return
        id_, _, body = due[which % len(due)]
        self.told(body.encode())
        if not again:
            with registry.simulator().store.session() as session:
                session.forget_notice(id_)

    @invariant()
    def no_more_is_taken_or_given_back_than_there_is(self) -> None:
        row = self.row()
        assert 0 <= row.refunded_minor <= row.captured_minor <= row.amount_minor
        assert self.on_its_way_or_back() <= max(row.captured_minor, 0)

    @invariant()
    def the_row_and_the_ledger_are_what_the_events_say(self) -> None:
        row, sums = self.row(), self.booked()
        assert row.captured_minor == self.captured() == sums["charge"]
        assert row.refunded_minor == self.given_back() == sums["refund"] - sums["refund_returned"]
        assert row.fee_minor == sums["fee"]

    @invariant()
    def we_never_say_more_than_the_provider_did(self) -> None:
        taken, _ = self.truth()
        assert self.row().captured_minor <= taken

    def teardown(self) -> None:
        """Once all is asked and told, both agree to the penny, and nothing was done twice."""
        self.settle()
        with tenant(self.tenant_id):
            left = queries.open_operations(self.id)
            refunds = Operation.objects.in_tenant().filter(payment_id=self.id, kind="refund").count()
        row, (taken, back) = self.row(), self.truth()
        assert left == []
        assert (row.captured_minor, row.refunded_minor) == (taken, back)
        assert len(self.things("payment_intent")) <= 1
        assert len(self.things("refund")) <= refunds == len(self.wanted_back)
        self.no_more_is_taken_or_given_back_than_there_is()
        self.the_row_and_the_ledger_are_what_the_events_say()

    def settle(self) -> None:
        """Time passes until all that is asked is answered, and all that is told is heard."""
        with tenant(self.tenant_id):
            for _ in range(4):
                self.till.later(self.payment, minutes=20)
                self.till.hear()
                if not queries.open_operations(self.id) and not self.notices():
                    return

    def notices(self) -> list[Any]:
        """Every call that is yet to come, due or not."""
        with registry.simulator().store.session() as session:
            return [row for row in session.due_notices(float("inf")) if row[1] == str(self.tenant_id)]

    def tried(self, command: Any, **wish: Any) -> bool:
        with tenant(self.tenant_id):
            try:
                command(payment_id=self.id, actor=ADA, now=self.till.now, **wish)
            except DomainError:
                return False
        return True

    def told(self, body: bytes) -> None:
        signed = {signing.HEADER: signing.signature(registry.simulator_secret(), body, at=self.till.now)}
        with tenant(self.tenant_id):
            commands.receive_notice(provider="simulator", body=body, headers=signed, now=self.till.now)

    def row(self) -> Payment:
        with tenant(self.tenant_id):
            return queries.payment(self.id)

    def events(self) -> list[Any]:
        with tenant(self.tenant_id):
            return [envelope.event() for envelope in queries.timeline(self.id)]

    def captured(self) -> int:
        return sum(event.amount_minor for event in self.events() if isinstance(event, PaymentCaptured))

    def given_back(self) -> int:
        last = [one for one in self.events() if isinstance(one, PaymentRefunded | PaymentRefundRefused)]
        return last[-1].refunded_minor if last else 0

    def on_its_way_or_back(self) -> int:
        with tenant(self.tenant_id):
            refunds = Operation.objects.in_tenant().filter(payment_id=self.id, kind="refund").exclude(state="failed")
            return sum(one.amount_minor for one in refunds)

    def booked(self) -> Counter[str]:
        sums: Counter[str] = Counter()
        with tenant(self.tenant_id):
            for entry in queries.entries_of(self.id):
                amounts = [line.amount_minor for line in entry.lines.all()]
                assert sum(amounts) == 0
                sums[LedgerEntry.Kind(entry.kind).value] += max(amounts)
        return sums

    def truth(self) -> tuple[int, int]:
        """What the provider took and gave back."""
        taken = sum(one["amount_received"] for one in self.things("payment_intent"))
        return taken, sum(one["amount"] for one in self.things("refund") if one["status"] == "succeeded")

    def things(self, kind: str) -> list[dict[str, Any]]:
        with registry.simulator().store.session() as session:
            every = session.things(str(self.tenant_id))
        return [one for one in every if one["object"] == kind and one["metadata"]["payment_id"] == str(self.id)]


def _run(monkeypatch: pytest.MonkeyPatch, examples: int, **given: object) -> None:
    for name, value in given.items():
        monkeypatch.setattr(APayment, name, value, raising=False)
    run_state_machine_as_test(
        APayment,
        settings=settings(
            max_examples=examples,
            stateful_step_count=12,
            deadline=None,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.django_db(databases=["default", "business"])
@pytest.mark.parametrize("card", cards.CARDS)
def test_no_history_parts_us_from_the_provider(tenant_id, monkeypatch, card):
    _run(monkeypatch, 3, tenant_id=tenant_id, card=card, begins_taken=False)


@pytest.mark.django_db(databases=["default", "business"])
@pytest.mark.parametrize("card", [card for card, kind in cards.CARDS.items() if not kind.decline_code])
def test_no_history_of_money_that_was_taken_does(tenant_id, monkeypatch, card):
    """By chance alone few histories get there, and then nothing can be given back."""
    _run(monkeypatch, 5, tenant_id=tenant_id, card=card, begins_taken=True)
