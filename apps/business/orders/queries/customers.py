"""Customers, and what is kept of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q

from apps.business.orders.errors import CustomerIsErased, CustomerNotFound
from apps.business.orders.models import Customer
from apps.business.search_keys import begins_with
from apps.core.crypto.fields import whose
from apps.core.crypto.tokens import ERASED
from apps.core.db.router import alias_for
from apps.core.tenantdata.disclosing import rows_about


def customers() -> Any:
    """All customers, by name."""
    return Customer.objects.in_tenant().order_by("name_key", "id")


def customer(customer_id: UUID) -> Customer:
    """Raises CustomerNotFound."""
    found: Customer | None = Customer.objects.in_tenant().filter(id=customer_id).first()
    if found is None:
        raise CustomerNotFound(f"there is no customer {customer_id}")
    return found


def buyer(customer_id: UUID) -> Customer:
    """A customer who may still buy. Raises CustomerNotFound, CustomerIsErased."""
    return _not_erased(customer(customer_id))


def customers_by_code(codes: Collection[str]) -> list[Customer]:
    """Those that exist. One statement."""
    return list(Customer.objects.in_tenant().filter(code__in=list(codes)))


def customers_by_id(customer_ids: Collection[UUID]) -> dict[UUID, Customer]:
    """Those that exist. One statement."""
    return {found.id: found for found in Customer.objects.in_tenant().filter(id__in=list(customer_ids))}


def customer_matches(text: str) -> Q:
    """Customers whose name begins with `text`, or whose code or address of mail it is. Costs a statement for a key."""
    return begins_with("name_key", text) | Q(code=text.strip()) | whose(Customer, "email_mark", text)


def names_of_customers(customer_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The names of those of the given customers that exist. One statement."""
    return dict(Customer.objects.in_tenant().filter(id__in=list(customer_ids)).values_list("id", "name"))


def attributes_of_customers(customer_ids: Iterable[UUID]) -> dict[UUID, dict[str, Any]]:
    """The same of customers, as `resources.CUSTOMER` says. One statement."""
    found = Customer.objects.in_tenant().filter(id__in=list(customer_ids)).values_list("id", "created_by")
    return {id_: {"owner": str(by) if by else None} for id_, by in found}


def lock_customer(customer_id: UUID) -> Customer:
    """The customer under a row lock, to be changed. Raises CustomerNotFound, CustomerIsErased."""
    return _not_erased(lock_any_customer(customer_id))


def lock_any_customer(customer_id: UUID) -> Customer:
    """The customer under a row lock, also one who was erased. Raises CustomerNotFound."""
    found: Customer | None = Customer.objects.in_tenant().select_for_update().filter(id=customer_id).first()
    if found is None:
        raise CustomerNotFound(f"there is no customer {customer_id}")
    return found


def back_from_erasure(buried: Sequence[UUID]) -> list[UUID]:
    """Customers of the current tenant who were erased, or whose keys were destroyed, and of whom there is more than an
    id: after a crash, or from a restored backup. A statement for each 1000 that are buried.
    """
    named = Customer.objects.in_tenant().exclude(name=ERASED)
    found = set(named.filter(erased_at__isnull=False).values_list("id", flat=True))
    for first in range(0, len(buried), 1000):
        found |= set(named.filter(id__in=buried[first : first + 1000]).values_list("id", flat=True))
    return sorted(found)


def personal_data_of(customer_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """All that this service keeps of a customer, by table. A statement for each table. Raises CustomerNotFound."""
    customer(customer_id)
    return rows_about(alias_for(Customer), customer_id, named_by="customer_id")


def _not_erased(found: Customer) -> Customer:
    if found.is_erased:
        raise CustomerIsErased(f"customer {found.code} is erased")
    return found
