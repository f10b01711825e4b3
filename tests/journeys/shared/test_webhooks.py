"""From a change in one service to somebody else's server: log, relay, consumer, worker, receiver."""

from __future__ import annotations

from standardwebhooks.webhooks import Webhook

from apps.core.webhooks.tests.receiver import receiving
from tests.journeys.client import ApiClient, order_for
from tests.journeys.waiting import until


def test_an_order_is_told_to_whoever_wants_to_hear_of_it(acme: ApiClient) -> None:
    with receiving() as receiver:
        receiver.will_answer(503)  # it is tried again, by the sweep
        made = acme.post("webhooks", {"url": receiver.url, "event_types": ["business.orders.OrderPlaced"]})

        order = acme.post("orders", order_for(acme.new_product(stock=1)))

        until(lambda: len(receiver.received) >= 2, "the webhook is sent, and sent again")
        first, second = receiver.received[:2]
        assert first.id == second.id
        told = Webhook(made["secret"]).verify(second.body, second.headers)
        assert (told["eventType"], told["payload"]["orderId"]) == ("OrderPlaced", order["id"])

    (delivery,) = acme.get(f"webhooks/{made['id']}/deliveries")
    assert delivery["event_id"] == first.id
