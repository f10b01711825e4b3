"""Where customers get goods and invoices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from apps.business.orders.errors import AddressNotFound
from apps.business.orders.models import CustomerAddress


def addresses_of(customer_id: UUID) -> Any:
    """A customer's addresses, the oldest first. One statement."""
    return CustomerAddress.objects.in_tenant().filter(customer_id=customer_id).order_by("id")


def address(customer_id: UUID, address_id: UUID, *, with_deleted: bool = False) -> CustomerAddress:
    """One address of a customer. One statement. Raises AddressNotFound."""
    manager = CustomerAddress.with_deleted if with_deleted else CustomerAddress.objects
    return address_among(manager.in_tenant().filter(customer_id=customer_id, id=address_id), address_id)


def address_among(addresses: Iterable[CustomerAddress], address_id: UUID) -> CustomerAddress:
    """The one with that id. Raises AddressNotFound."""
    found = next((one for one in addresses if one.id == address_id), None)
    if found is None:
        raise AddressNotFound(f"the customer has no address {address_id}")
    return found


def default_address(customer_id: UUID, purpose: str) -> CustomerAddress | None:
    """Where a customer gets goods (`shipping`) or invoices (`billing`) unless told otherwise. One statement."""
    found: CustomerAddress | None = addresses_of(customer_id).filter(**{f"default_for_{purpose}": True}).first()
    return found
