"""The console's first page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, timedelta
from typing import Any

from django.shortcuts import render
from django.utils import timezone

from apps.business.inventory import queries as inventory
from apps.business.inventory.permissions import StockPermission
from apps.business.orders import queries
from apps.business.orders.permissions import OrderPermission
from apps.core.api.pages import AUTHENTICATED, page

_DAYS = 30
_SHORT_LIST = 8


@page(AUTHENTICATED)
def home(request):
    """GET /: what a tenant looks at in the morning. A card that the caller may not see is left out."""
    context: dict[str, Any] = {"orders_today": None, "revenue": None, "recent_orders": None, "low_stock": None}
    if request.principal.may(OrderPermission.VIEW):
        context |= sales(timezone.now().astimezone(UTC).date())
        context["recent_orders"] = queries.order_summaries()[:_SHORT_LIST]
    if request.principal.may(StockPermission.VIEW):
        low = inventory.low_stock_levels()
        context["low_stock"] = [_low(level) for level in low[:_SHORT_LIST]]
        context["low_stock_total"] = low.count()
    return render(request, "dashboard/home.html", context)


def sales(today: date) -> dict[str, Any]:
    """Orders of today and yesterday, and the revenue of the last 30 days by currency. One statement."""
    days = queries.revenue_by_day(since=today - timedelta(days=2 * _DAYS - 1))
    counts: dict[date, int] = defaultdict(int)
    for day in days:
        counts[day.day] += day.order_count
    return {
        "orders_today": counts[today],
        "orders_yesterday": counts[today - timedelta(days=1)],
        "revenue": list(_revenue(days, today)),
    }


def _revenue(days: Iterable[Any], today: date) -> Iterable[dict[str, Any]]:
    """What was sold less what came back, minor units by day, oldest first."""
    by_currency: dict[str, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    for day in days:
        by_currency[day.currency][day.day] += day.sold_minor - day.returned_minor
    for currency, amounts in sorted(by_currency.items()):
        series = [amounts[today - timedelta(days=ago)] for ago in range(2 * _DAYS - 1, -1, -1)]
        yield {
            "currency": currency,
            "total_minor": sum(series[_DAYS:]),
            "series": series[_DAYS:],
            "previous_minor": sum(series[:_DAYS]),
        }


def _low(level: Any) -> dict[str, Any]:
    return {
        "product_id": level.product_id,
        "sku": level.product.sku,
        "name": level.product.name,
        "on_hand": level.on_hand,
        "reorder_level": level.product.reorder_level,
    }
