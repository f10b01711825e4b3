"""What an earlier release has kept is still there when this one is started on the same state folder."""

from __future__ import annotations

import os
from pathlib import Path

from tests.journeys.client import ApiClient, order_for
from tests.journeys.installation import installed
from tests.journeys.waiting import until

EARLIER = Path(os.environ["EARLIER_RELEASE"])
_ORDERS = 5


def _numbers(client: ApiClient) -> dict[str, int]:
    return {order["number"]: order["total_minor"] for order in client.every("orders")}


def test_an_installation_of_an_earlier_release_goes_on_with_this_one():
    with installed() as installation:
        now = installation.program
        installation.program = (str(EARLIER / ".venv/bin/python"), EARLIER)
        client = ApiClient.of(installation.start())
        product = client.new_product(stock=50)
        placed = [client.post("orders", order_for(product, 2)) for _ in range(_ORDERS)]
        until(lambda: {order["number"] for order in placed} <= _numbers(client).keys(), "the list has them")
        before, account = _numbers(client), installation.account("acme", "owner")
        installation.stop()

        installation.program = now
        client = ApiClient.of(installation.start())
        placed.append(client.post("orders", order_for(product, 2)))
        until(lambda: placed[-1]["number"] in _numbers(client), "the list goes on")

        after = _numbers(client)
        assert {number: after[number] for number in before} == before
        assert client.on_hand(product["id"]) == 50 - 2 * (_ORDERS + 1)
        assert [event["event_type"] for event in client.get(f"orders/{placed[0]['id']}/events")] == ["OrderPlaced"]
        assert installation.account("acme", "owner") == account
