"""Lists and figures, from the read models."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from django.db.models import Q

from apps.business.orders.models import Customer, DailyRevenue, OrderSummary, PurchaseHistory
from apps.business.orders.queries.customers import customer_matches
from apps.business.search_keys import begins_with


def order_summaries() -> Any:
    """The list of orders, newest first, each with its customer. One statement, however many."""
    return OrderSummary.objects.in_tenant().select_related("customer").order_by("-placed_at", "-id")


def summary_matches(text: str) -> Q:
    """Orders whose number or customer's name begins with `text`, or whose customer's code it is."""
    named = Customer.objects.in_tenant().filter(customer_matches(text)).values("id")
    return begins_with("number_key", text) | Q(customer_id__in=named)


def start_of(day: date) -> datetime:
    """Midnight, UTC."""
    return datetime.combine(day, time.min, tzinfo=UTC)


def revenue_by_day(*, since: date) -> list[DailyRevenue]:
    """What was sold on each day (UTC) from `since` on, by day and currency; days without any are left out."""
    return list(DailyRevenue.objects.in_tenant().filter(day__gte=since).order_by("day", "currency"))


def history_of_customer(customer_id: UUID) -> list[PurchaseHistory]:
    """What a customer bought and brought back, by currency; empty where nothing. One statement."""
    return list(PurchaseHistory.objects.in_tenant().filter(customer_id=customer_id).order_by("currency"))
