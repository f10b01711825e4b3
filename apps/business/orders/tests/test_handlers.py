from datetime import UTC, date, datetime

import pytest
from django.utils import timezone

from apps.business.inventory.tests.factories import StockLevelFactory
from apps.business.orders import commands, queries
from apps.business.orders.dashboard import sales
from apps.business.orders.models import DailyRevenue, OrderSummary
from apps.business.orders.tests.factories import ADA, CustomerFactory, line, place, postage
from apps.business.orders.tests.test_cancel_and_return import cancel, take_back
from apps.core.tenancy import tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tenant")]


class TestOrderSummary:
    def test_lists_an_order_once_its_event_was_handled(self, drain):
        customer = CustomerFactory(name="Ida Vogel")
        order = place(line(StockLevelFactory().product_id, 3), postage(), customer_id=customer.id)
        before = list(queries.order_summaries())

        drain()

        (summary,) = queries.order_summaries()
        assert before == []
        assert (summary.id, summary.number, summary.customer_name) == (order.id, "SO-000001", "Ida Vogel")
        assert (summary.line_count, summary.item_count, summary.total_minor, summary.last_sequence) == (2, 3, 1260, 1)

    def test_follows_a_return_and_a_cancellation(self, drain):
        returned, cancelled = place(), place()
        take_back(returned, 1)
        cancel(cancelled)

        drain()

        rows = {row.id: row for row in queries.order_summaries()}
        assert (rows[returned.id].status, rows[returned.id].returned_minor) == ("partly_returned", 255)
        assert (rows[cancelled.id].status, rows[cancelled.id].last_sequence) == ("cancelled", 2)

    def test_shows_nothing_to_another_tenant(self, drain, other_tenant_id):
        place()
        drain()

        with tenant(other_tenant_id):
            assert list(queries.order_summaries()) == []

    def test_costs_one_statement_however_many(self, drain, django_assert_num_queries):
        for _ in range(4):
            place(customer_id=CustomerFactory().id)
        drain()

        with django_assert_num_queries(1, using="business"):
            assert len([row.customer_name for row in queries.order_summaries()]) == 4


class TestDailyRevenue:
    def test_counts_each_event_on_its_day(self, drain):
        first = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
        kept = place(now=first)
        cancel(place(now=first))
        commands.return_order_lines(
            order_id=kept.id,
            lines=[commands.ReturnedLine(line_id=queries.lines_of(kept.id)[0].id, quantity=1)],
            reason="broken",
            actor=ADA,
            now=first.replace(day=3),
        )

        drain()

        figures = DailyRevenue.objects.order_by("day").values_list("day", "order_count", "sold_minor", "returned_minor")
        assert list(figures) == [(date(2026, 3, 1), 1, 765, 0), (date(2026, 3, 3), 0, 0, 255)]

    def test_feeds_the_dashboard(self, drain):
        place(now=timezone.now())
        drain()

        figures = sales(timezone.now().astimezone(UTC).date())

        (revenue,) = figures["revenue"]
        assert (figures["orders_today"], figures["orders_yesterday"]) == (1, 0)
        assert (revenue["currency"], revenue["total_minor"], revenue["series"][-1]) == ("GBP", 765, 765)
        assert len(revenue["series"]) == 30


def test_an_event_that_came_out_of_order_is_parked_and_changes_nothing(drain):
    order = place()
    drain()
    OrderSummary.objects.filter(id=order.id).update(last_sequence=5)
    cancel(order)

    drain(park=True)

    assert OrderSummary.objects.get(id=order.id).status == "placed"
