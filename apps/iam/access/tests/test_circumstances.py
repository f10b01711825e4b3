"""What would turn a policy's refusal: tried, and told in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from apps.core.auth import Resource
from apps.core.history import Origin, coming_from
from apps.iam.access import queries
from apps.iam.access.explanation import explain
from apps.iam.policies.tests.factories import PolicyFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 12, 1, 20, 30, tzinfo=UTC)  # a Tuesday
CANCEL = 'forbid (principal, action == Action::"orders.cancel", resource)'
ORDER = f"{CANCEL[:-1]} is Order)"


@pytest.fixture
def ada(owner, member):
    return member("manager", name="Ada King")


@pytest.fixture
def helping(ada):
    """What would help Ada, who asks about herself, to cancel: sentences, the last of which is the policy's own."""

    def ask(resource: Resource | None = None, *, now: datetime = NOW, address: str = "192.0.2.7", **caller: object):
        from dataclasses import replace

        subject = queries.subject_named(str(ada.user_id))
        principal = replace(queries.principals_of([subject], now=now)[subject.id], **caller)
        with coming_from(Origin(address=address)):
            told = explain(subject, "orders.cancel", resource, now=now, caller=principal)
        assert told.decision.allowed is False
        return [remedy.text for remedy in told.remedies]

    return ask


class TestHelping:
    @pytest.mark.parametrize(
        ("policy", "caller", "sentence"),
        [
            (f"{CANCEL} when {{ principal.aal < 2 }};", {"acr": "aal1"}, "sign in again with a second factor (aal2)"),
            (
                f"{CANCEL} unless {{ principal has authenticated_s && principal.authenticated_s < 300 }};",
                {"authenticated_at": NOW - timedelta(hours=1)},
                "sign in again right before",
            ),
            (
                f"{CANCEL} when {{ principal.impersonated }};",
                {"impersonator_id": uuid4()},
                "do it in person, and not in somebody else's name",
            ),
            (
                f'{CANCEL} unless {{ context has address && context.address.isInRange(ip("10.0.0.0/8")) }};',
                {},
                "come from the network 10.0.0.0/8",
            ),
            (
                f"{CANCEL} unless {{ context.hour >= 8 && context.hour < 18 }};",
                {},
                "do it from 08:00 to 18:00 (UTC)",
            ),
            (
                f"{CANCEL} unless {{ context.hour >= 8 && context.hour < 18 }};",
                {"tenant_time_zone": "Europe/Helsinki"},
                "do it from 08:00 to 18:00 (Europe/Helsinki)",
            ),
            (
                f'{CANCEL} unless {{ ["mon", "wed"].contains(context.weekday) }};',
                {},
                "do it on Monday or Wednesday",
            ),
        ],
    )
    def test_is_another_circumstance(self, helping, policy, caller, sentence):
        name = PolicyFactory(text=policy).name

        assert helping(**caller) == [sentence, f"change the policy {name}"]

    @pytest.mark.parametrize(
        ("condition", "known", "sentence"),
        [
            ("resource.amount > 100000", {"amount": 250000}, "its amount would have to be at most 100000"),
            ("resource.amount < 100", {"amount": 5}, "its amount would have to be at least 100"),
            (
                'resource.status != "placed" && resource.status != "returned"',
                {"status": "cancelled"},
                "its status would have to be placed or returned",
            ),
            (
                "!(resource has owner && resource.owner == principal.id)",
                {"owner": "x"},
                "it would have to be their own",
            ),
        ],
    )
    def test_is_another_object(self, helping, condition, known, sentence):
        name = PolicyFactory(text=f"{ORDER} when {{ {condition} }};").name
        order = Resource("order", UUID(int=1), {"amount": 1, "status": "placed", "currency": "EUR", **known})

        assert helping(order) == [sentence, f"change the policy {name}"]

    def test_is_nothing_but_the_policy_where_two_things_would_have_to_change(self, helping):
        name = PolicyFactory(text=f"{CANCEL} when {{ principal.aal < 2 || context.hour > 18 }};").name

        assert helping(acr="aal1") == [f"change the policy {name}"]

    def test_is_to_mend_what_cannot_be_evaluated(self, helping, ada):
        PolicyFactory(name="Broken", text=f"{CANCEL} when {{ context.nothing }};")

        assert helping() == ["change the policy Broken"]


class TestOthers:
    def test_come_from_nowhere_that_is_known(self, ada):
        """Least of all from the address of whoever asks."""
        PolicyFactory(text=f"{CANCEL} unless {{ context has address }};")
        subject = queries.subject_named(str(ada.user_id))

        with coming_from(Origin(address="10.1.2.3")):
            told = explain(subject, "orders.cancel", None, now=NOW)
            rows = queries.decisions([ada], "orders.cancel", None, kind="user", now=NOW)

        assert told.decision.verdict.conditions == {"context.address": "unknown"}
        assert [decision.allowed for _, decision in rows] == [False]
