"""Order numbers have no gaps, whoever gives up and however many come at once."""

from __future__ import annotations

import threading

import pytest
from django.db import connections

from apps.business.inventory.tests.factories import StockLevelFactory
from apps.business.orders.models import Order
from apps.business.orders.tests.factories import line, place
from apps.core.errors import Overtaken
from apps.core.events import unit_of_work
from apps.core.tenancy import tenant


class GaveUp(Exception):
    """The caller rolls back what it did."""


@pytest.mark.django_db(transaction=True)
class TestNumbers:
    def test_have_no_gaps_though_every_third_command_is_rolled_back_at_its_end(self, tenant_id):
        with tenant(tenant_id):
            product_id = StockLevelFactory(on_hand=100).product_id
        start, lost = threading.Barrier(4), []

        def worker(place_of_worker):
            try:
                with tenant(tenant_id):
                    start.wait(timeout=30)
                    for turn in range(6):
                        try:
                            with unit_of_work(Order):
                                place(line(product_id, 1))
                                if (turn + place_of_worker) % 3 == 0:
                                    raise GaveUp
                        except (GaveUp, Overtaken):
                            lost.append(turn)
            finally:
                connections["business"].close()

        threads = [threading.Thread(target=worker, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)

        with tenant(tenant_id):
            numbers = sorted(Order.objects.values_list("number", flat=True))
        assert len(lost) == 8
        assert numbers == [f"SO-{number:06d}" for number in range(1, 17)]
