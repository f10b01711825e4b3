"""Where a new order goes, and where its invoice does: as they are at that moment, kept with the order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from apps.business.addresses import Address
from apps.business.orders import queries
from apps.business.orders.errors import AddressNotFound, InvalidOrder


class Addressed(Protocol):
    """What a caller says of it. An address is given whole, or named by its id among the customer's."""

    @property
    def customer_id(self) -> UUID | None: ...
    @property
    def country(self) -> str: ...
    @property
    def historical(self) -> bool: ...
    @property
    def shipping_address(self) -> Address | UUID | None: ...
    @property
    def billing_address(self) -> Address | UUID | None: ...


@dataclass(frozen=True, slots=True)
class Destination:
    """Where an order goes. `country` is what it is taxed by, and which ways there are."""

    country: str
    shipping: Address | None = None
    billing: Address | None = None


def destination_of(order: Addressed) -> Destination:
    """Where it goes: as said, or else to the customer's default addresses. One statement; two if addresses are named.

    A default in another country than the order's is left alone. Raises InvalidOrder with `errors` by field.
    """
    if order.historical:
        return Destination(order.country)
    shipping = _said(order.shipping_address, order.customer_id, "shipping_address")
    billing = _said(order.billing_address, order.customer_id, "billing_address")
    if shipping and order.country not in ("", shipping.country):
        errors = {"country": [f"the shipping address lies in {shipping.country}"]}
        raise InvalidOrder("the order goes to two countries", errors=errors)
    if order.customer_id and not (shipping and billing):
        usual = list(queries.addresses_of(order.customer_id))
        shipping = shipping or _default(usual, "default_for_shipping", order.country)
        billing = billing or _default(usual, "default_for_billing", "")
    return Destination(shipping.country if shipping else order.country, shipping, billing or shipping)


def _said(address: Address | UUID | None, customer_id: UUID | None, field: str) -> Address | None:
    if isinstance(address, UUID):
        return _named(address, customer_id, field)
    if address is None:
        return None
    tidy = address.cleaned()
    if faults := tidy.faults():
        errors = {f"{field}.{name}": texts for name, texts in faults.items()}
        place, texts = next(iter(errors.items()))
        raise InvalidOrder(f"{place}: {texts[0]}", errors=errors)
    return tidy


def _named(address_id: UUID, customer_id: UUID | None, field: str) -> Address:
    try:
        if customer_id is None:
            raise AddressNotFound("the order names no customer")
        return queries.address(customer_id, address_id).content
    except AddressNotFound as error:
        raise InvalidOrder(str(error), errors={field: [str(error)]}) from error


def _default(usual: list, flag: str, country: str) -> Address | None:
    found = next((one.content for one in usual if getattr(one, flag)), None)
    return found if found and country in ("", found.country) else None
