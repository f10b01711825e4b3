"""Where customers get their goods and invoices. Each command locks the customer, so that the defaults stay single."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.business.addresses import Address
from apps.business.orders import queries
from apps.business.orders.errors import InvalidAddress, TooManyAddresses
from apps.business.orders.models import CustomerAddress
from apps.business.units import work_of
from apps.core.errors import PreconditionFailed
from apps.core.history import Actor

MOST_ADDRESSES = 50
_DEFAULTS = ("default_for_shipping", "default_for_billing")


def add_address(
    *,
    customer_id: UUID,
    address: Address,
    default_for_shipping: bool = False,
    default_for_billing: bool = False,
    actor: Actor,
) -> CustomerAddress:
    """Note one more address of a customer; the first is the default for everything.

    Raises CustomerNotFound, InvalidAddress, TooManyAddresses.
    """
    with _customers_addresses(customer_id, actor) as there:
        if len(there) >= MOST_ADDRESSES:
            raise TooManyAddresses(f"a customer has at most {MOST_ADDRESSES} addresses")
        added = CustomerAddress(customer_id=customer_id)
        added.say(_checked(address))
        _make_default(
            added, there, shipping=default_for_shipping or not there, billing=default_for_billing or not there
        )
        added.save()
    return added


def update_address(
    *,
    customer_id: UUID,
    address_id: UUID,
    changes: Mapping[str, Any],
    expected_version: int | None = None,
    actor: Actor,
) -> CustomerAddress:
    """Change what an address says, or what it is the default for. Safe to repeat; orders keep what they were told.

    Raises CustomerNotFound, AddressNotFound, PreconditionFailed, InvalidAddress.
    """
    with _customers_addresses(customer_id, actor) as there:
        address = queries.address_among(there, address_id)
        _require_version(address, expected_version)
        before = _facts(address)
        after = {**before, **changes}
        if after != before:
            address.say(_checked(Address(**{name: after[name] for name in asdict(address.content)})))
            others = [one for one in there if one.id != address_id]
            shipping, billing = after["default_for_shipping"], after["default_for_billing"]
            _make_default(address, others, shipping=shipping, billing=billing)
            address.save()
    return address


def delete_address(
    *, customer_id: UUID, address_id: UUID, expected_version: int | None = None, actor: Actor, now: datetime
) -> CustomerAddress:
    """Hide an address; it is the default for nothing any more. Safe to repeat.

    Raises CustomerNotFound, AddressNotFound, PreconditionFailed.
    """
    with _customers_addresses(customer_id, actor):
        address = queries.address(customer_id, address_id, with_deleted=True)
        if not address.is_deleted:
            _require_version(address, expected_version)
            address.default_for_shipping = address.default_for_billing = False
            address.soft_delete(at=now, by=actor.id)
            address.save()
    return address


def restore_address(*, customer_id: UUID, address_id: UUID, actor: Actor) -> CustomerAddress:
    """Undo the deletion of an address. Safe to repeat. Raises CustomerNotFound, AddressNotFound."""
    with _customers_addresses(customer_id, actor):
        address = queries.address(customer_id, address_id, with_deleted=True)
        if address.is_deleted:
            address.restore()
            address.save()
    return address


@contextmanager
def _customers_addresses(customer_id: UUID, actor: Actor) -> Iterator[list[CustomerAddress]]:
    with work_of(actor, CustomerAddress):
        queries.lock_customer(customer_id)
        yield list(queries.addresses_of(customer_id))


def _make_default(address: CustomerAddress, others: list[CustomerAddress], *, shipping: bool, billing: bool) -> None:
    """Two statements at most, before its own: no moment has two defaults."""
    for name, wanted in zip(_DEFAULTS, (shipping, billing), strict=True):
        setattr(address, name, wanted)
        for other in others if wanted else ():
            if getattr(other, name):
                setattr(other, name, False)
                other.save()


def _facts(address: CustomerAddress) -> dict[str, Any]:
    return {**asdict(address.content), **{name: getattr(address, name) for name in _DEFAULTS}}


def _checked(address: Address) -> Address:
    """Raises InvalidAddress."""
    tidy = address.cleaned()
    if errors := tidy.faults():
        name, texts = next(iter(errors.items()))
        raise InvalidAddress(f"{name}: {texts[0]}", errors=errors)
    return tidy


def _require_version(address: CustomerAddress, expected_version: int | None) -> None:
    if expected_version is not None and address.version != expected_version:
        raise PreconditionFailed(
            f"the address is at version {address.version}, not {expected_version}", version=address.version
        )
