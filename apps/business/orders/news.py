"""Tells listening consoles that an order changed, once its read model shows it. A hint: who misses it, misses nothing
that the next look at the page would not show.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec
from django_redis import get_redis_connection

from apps.business.orders.models import OrderSummary
from apps.core.db.after_commit import try_after_commit
from apps.core.db.router import alias_for
from apps.core.projections import being_replayed
from apps.core.tenancy import require_tenant_id


class OrderNews(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which order changed, by which event."""

    order_id: UUID
    event_type: str


def channel_of(tenant_id: UUID) -> str:
    """The Redis channel on which a tenant's news are told."""
    return f"news:orders:{tenant_id}"


def announce(order_id: UUID, event_type: str) -> None:
    """Tell of the change after the commit. Redis being away never harms the change itself. A replay is no news."""
    announce_all([OrderNews(order_id=order_id, event_type=event_type)])


def announce_all(news: Iterable[OrderNews]) -> None:
    """The same of many changes, in one round trip."""
    if being_replayed():
        return
    channel, messages = channel_of(require_tenant_id()), [msgspec.json.encode(one) for one in news]
    try_after_commit(_tell, channel, messages, using=alias_for(OrderSummary))


def _tell(channel: str, messages: Sequence[bytes]) -> None:
    with get_redis_connection("sessions").pipeline(transaction=False) as told:
        for message in messages:
            told.publish(channel, message)
        told.execute()
