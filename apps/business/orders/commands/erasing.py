"""Erasing a customer as a person: their keys are destroyed, and what tables say of them in plain is overwritten.

Orders, returns, payments and papers stay, and add up as before. An invoice keeps what was printed on it, for as long as
the law wants it kept (ADR 36).
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.utils import timezone

from apps.business.orders import queries
from apps.business.orders.errors import CustomerHasOpenOrders
from apps.business.orders.events import CustomerErased
from apps.business.orders.models import Customer
from apps.business.units import work_of
from apps.core.crypto import tombstones
from apps.core.db.router import alias_for
from apps.core.events import UnitOfWork
from apps.core.events.log import stream_version
from apps.core.history import SYSTEM, Actor
from apps.core.tenancy import require_tenant_id
from apps.core.tenantdata.forgetting import forget_person


def erase_customer(*, customer_id: UUID, reason: str, actor: Actor, now: datetime) -> Customer:
    """Make all that is kept of a customer unreadable: rows, history, events, Kafka, archive, backups. For good.

    Who did it and why stays in the history. Safe to repeat, and after a crash at any point. Raises CustomerNotFound,
    CustomerHasOpenOrders, and OSError where it cannot be noted that the keys are destroyed.
    """
    with work_of(actor, Customer, reason=reason) as work:
        customer = queries.lock_any_customer(customer_id)
        if not customer.is_erased and queries.has_open_orders(customer_id):
            raise CustomerHasOpenOrders(f"customer {customer.code} has orders that are not over")
        _mark(customer, work, now=now)
        tombstones.bury(customer_id)  # the last that can fail, and whatever stops us from here on is carried on
    _forget(customer_id)
    return queries.customer(customer_id)


def erase_customers_again() -> int:
    """Carry on with erasures that were cut off, or that a restored backup has undone, in the current tenant; returns
    how many. Safe to repeat, and to run twice at once.
    """
    back = queries.back_from_erasure(list(tombstones.buried()))
    for customer_id in back:
        with work_of(SYSTEM, Customer, reason="was erased before") as work:
            _mark(queries.lock_any_customer(customer_id), work, now=timezone.now())
            tombstones.bury(customer_id)
        _forget(customer_id)
    return len(back)


def _mark(customer: Customer, work: UnitOfWork, *, now: datetime) -> None:
    if not customer.is_erased:
        customer.erased_at = now
        customer.save(update_fields=["erased_at"])
    if not stream_version(customer.id, using=work.alias):
        work.publish(CustomerErased(customer_id=customer.id, occurred_at=now), expected=0)


def _forget(customer_id: UUID) -> None:
    forget_person(alias_for(Customer), customer_id, tenant_ids=[require_tenant_id()])
