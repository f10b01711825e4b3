"""Orders as they were at some moment, from their events alone."""

from __future__ import annotations

import random
from datetime import timedelta
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.business.inventory.tests.factories import StockLevelFactory
from apps.business.orders import commands, queries
from apps.business.orders.errors import OrderNotFound
from apps.business.orders.tests.factories import ADA, CustomerFactory, line, place, postage
from apps.business.orders.tests.test_cancel_and_return import cancel, take_back
from apps.business.orders.tests.test_sagas import LIMIT, carried_on, review
from apps.core.crypto.tokens import is_token
from apps.core.events.models import Snapshot
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tenant")]


def as_kept(order_id):
    """What the tables say, in the words of a state."""
    order = queries.order(order_id)
    lines = [(one.id, one.quantity, one.returned_quantity, one.total_minor) for one in queries.lines_of(order_id)]
    returned = sum(one.total_minor for one in order.returns.all())
    return order.status, order.total_minor, returned, order.cancelled_at, order.cancel_reason, lines


def as_told(order_id, at=None):
    """What the events say."""
    state = queries.order_as_of(order_id, at).state
    lines = [(one.id, one.quantity, one.returned_quantity, one.total_minor) for one in state.lines]
    return state.status, state.total_minor, state.returned_minor, state.cancelled_at, state.cancel_reason, lines


def something_happens(order_id, chance):
    """Some of what is left comes back, or the order is cancelled."""
    left = [one for one in queries.lines_of(order_id) if one.product_id and one.returnable_quantity]
    order = queries.order(order_id)
    if order.can_cancel and chance.random() < 0.2:
        return commands.cancel_order(order_id=order_id, reason="no", actor=ADA, now=timezone.now())
    if not order.can_return or not left:
        return None
    chosen = chance.sample(left, chance.randint(1, len(left)))
    back = [
        commands.ReturnedLine(line_id=one.id, quantity=chance.randint(1, one.returnable_quantity)) for one in chosen
    ]
    return commands.return_order_lines(order_id=order_id, lines=back, reason="broken", actor=ADA, now=timezone.now())


class TestAState:
    @pytest.mark.parametrize("seed", range(12))
    def test_is_what_the_tables_said_at_every_moment(self, seed):
        chance = random.Random(seed)
        wanted = [line(StockLevelFactory(on_hand=50).product_id, chance.randint(1, 4)) for _ in range(3)]
        order = place(*wanted, postage(), customer_id=CustomerFactory().id)
        moments = []
        for _ in range(6):
            moments.append((queries.timeline(order.id)[-1].timestamp, as_kept(order.id)))
            something_happens(order.id, chance)

        assert as_told(order.id) == as_kept(order.id)
        assert [as_told(order.id, at) for at, _ in moments] == [kept for _, kept in moments]

    @pytest.mark.parametrize("approved", [True, False])
    def test_of_a_held_order_follows_its_review(self, approved):
        commands.set_review_limit(**LIMIT, actor=SYSTEM)
        order = carried_on(place(line(StockLevelFactory(on_hand=10).product_id, 3)))
        held = as_kept(order.id)
        held_at = queries.timeline(order.id)[-1].timestamp

        review(order, approved=approved)

        assert (held[0], as_told(order.id, held_at)) == ("under_review", held)
        assert as_told(order.id) == as_kept(order.id)

    def test_in_a_snapshot_says_nothing_of_a_person_in_plain(self, settings):
        settings.EVENTS_SNAPSHOT_EVERY = 1
        order = place(line(StockLevelFactory().product_id, 3), customer_id=CustomerFactory().id)
        for _ in range(2):  # the second time nothing happens, but the order is read to be changed
            cancel(order)

        (state,) = Snapshot.objects.using("business").filter(aggregate_id=order.id).values_list("state", flat=True)
        assert is_token(state["cancel_reason"])
        assert as_told(order.id) == as_kept(order.id)

    def test_of_before_it_was_placed_is_not_there(self):
        order = place()
        before = queries.timeline(order.id)[0].timestamp - timedelta(microseconds=1)

        with pytest.raises(OrderNotFound):
            queries.order_as_of(order.id, before)

    def test_of_another_tenants_order_is_not_there(self, other_tenant_id):
        order = place()

        with tenant(other_tenant_id), pytest.raises(OrderNotFound):
            queries.order_as_of(order.id)


class TestTheApi:
    def test_tells_an_order_as_of_a_moment(self, api_client):
        order = place(line(StockLevelFactory().product_id, 3))
        placed_at = queries.timeline(order.id)[0].timestamp
        cancel(order)
        client = api_client("viewer")

        then = client.get(f"/api/v1/orders/{order.id}/states?at={quote(placed_at.isoformat())}").json()["data"]
        now = client.get(f"/api/v1/orders/{order.id}/states").json()["data"]

        assert (then["status"], then["sequence"], then["cancelled_at"]) == ("placed", 1, None)
        assert (now["status"], now["sequence"], now["cancel_reason"]) == ("cancelled", 2, "changed my mind")
        assert then["lines"][0]["unit_price"] == "2.5500"

    def test_says_what_is_wrong(self, api_client):
        order, client = place(), api_client("viewer")

        wrong = client.get(f"/api/v1/orders/{order.id}/states?at=yesterday")

        assert (wrong.status_code, list(wrong.json()["errors"])) == (422, ["at"])
        assert client.get(f"/api/v1/orders/{order.id}/states?at=2001-01-01T00:00:00Z").status_code == 404
        assert client.get(f"/api/v1/orders/{uuid4()}/states").status_code == 404


class TestThePage:
    def test_is_linked_from_the_timeline(self, browser):
        order = place(line(StockLevelFactory().product_id, 3))
        take_back(order, 1)
        client = browser("viewer")
        at = quote(queries.timeline(order.id)[0].timestamp.isoformat(), safe="")

        detail = client.get(f"/orders/{order.id}/").content.decode()
        then = client.get(f"/orders/{order.id}/then?at={at}").content.decode()
        now = client.get(f"/orders/{order.id}/then").content.decode()

        assert f'href="/orders/{order.id}/then?at={at}"' in detail
        assert "as it was" in then and "1 returned" not in then
        assert "1 returned" in now

    def test_shows_the_form_again_when_the_moment_is_none(self, browser):
        order = place()

        shown = browser("viewer").get(f"/orders/{order.id}/then?at=soon").content.decode()

        assert "Not a moment" in shown
