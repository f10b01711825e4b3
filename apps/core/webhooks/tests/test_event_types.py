"""Which events there are, and how they are asked for."""

from __future__ import annotations

import pytest

from apps.core.webhooks.event_types import event_types, patterns_of, unknown


class TestEventTypes:
    def test_are_the_public_events_of_every_service(self) -> None:
        names = set(event_types())

        assert {
            "business.orders.OrderPlaced",
            "iam.users.MemberInvited",
            "iam.webhooks.WebhookEndpointDisabled",
        } <= names

    @pytest.mark.parametrize("event_type", event_types().values(), ids=lambda one: one.name)
    def test_each_has_a_description_and_a_sample_that_fits_it(self, event_type) -> None:
        assert type(event_type.sample.event()) is event_type.definition.cls
        assert event_type.description


class TestPatterns:
    def test_of_an_event_are_its_name_and_its_families(self) -> None:
        assert patterns_of("business.orders.OrderPlaced") == [
            "business.orders.OrderPlaced",
            "business.orders.*",
            "business.*",
            "*",
        ]

    def test_are_known_if_some_event_fits(self) -> None:
        assert unknown(["*", "business.*", "iam.users.*", "business.orders.OrderPlaced"]) == []

    @pytest.mark.parametrize(
        "pattern", ["", "**", "orders.*", "business.orders", "business.orders.Nothing", "a;b", "*.*"]
    )
    def test_are_unknown_if_none_does(self, pattern: str) -> None:
        assert unknown([pattern]) == [pattern]
