"""Every read of orders. Lists and figures come from the read models, one order from the tables it is kept in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, Q

from apps.business.orders.errors import (
    AddressNotFound,
    CustomerIsErased,
    CustomerNotFound,
    NoteNotFound,
    OrderNotFound,
    ReturnNotFound,
    ShippingMethodNotFound,
)
from apps.business.orders.models import (
    Customer,
    CustomerAddress,
    DailyRevenue,
    FulfilmentStatus,
    Order,
    OrderAttachment,
    OrderLine,
    OrderNote,
    OrderReturn,
    OrderReturnLine,
    OrderSummary,
    PurchaseHistory,
    ReviewLimit,
    ShippingMethod,
    TaxRate,
    TaxSettings,
)
from apps.business.orders.states import ORDER, OrderState
from apps.business.search_keys import begins_with
from apps.core.crypto.fields import whose
from apps.core.crypto.tokens import ERASED
from apps.core.db.router import alias_for
from apps.core.events import Envelope, Known
from apps.core.events.log import stream
from apps.core.events.snapshots import state_of
from apps.core.history.changes import Change, ChangeFilter, changes_of
from apps.core.tenantdata.disclosing import rows_about


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


def order(order_id: UUID) -> Order:
    """One order with its customer, lines and returns. Three statements. Raises OrderNotFound."""
    lines = OrderLine.objects.in_tenant().order_by("ordinal")
    returns = OrderReturn.objects.in_tenant().prefetch_related("lines").order_by("returned_at", "id")
    orders = Order.objects.in_tenant().select_related("customer")
    orders = orders.prefetch_related(Prefetch("lines", lines), Prefetch("returns", returns))
    return _found(orders.filter(id=order_id).first(), order_id)


def numbers(order_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The numbers of those of the given orders that exist. One statement."""
    return dict(Order.objects.in_tenant().filter(id__in=list(order_ids)).values_list("id", "number"))


def names_of_customers(customer_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The names of those of the given customers that exist. One statement."""
    return dict(Customer.objects.in_tenant().filter(id__in=list(customer_ids)).values_list("id", "name"))


def attributes_of_orders(order_ids: Iterable[UUID]) -> dict[UUID, dict[str, Any]]:
    """What policies may ask of those of the given orders that exist, as `resources.ORDER` says. One statement."""
    rows = Order.objects.in_tenant().filter(id__in=list(order_ids))
    found = rows.values_list("id", "total_minor", "currency", "status", "created_by")
    return {
        id_: {"amount": amount, "currency": currency, "status": status, "owner": str(by) if by else None}
        for id_, amount, currency, status, by in found
    }


def attributes_of_customers(customer_ids: Iterable[UUID]) -> dict[UUID, dict[str, Any]]:
    """The same of customers, as `resources.CUSTOMER` says. One statement."""
    found = Customer.objects.in_tenant().filter(id__in=list(customer_ids)).values_list("id", "created_by")
    return {id_: {"owner": str(by) if by else None} for id_, by in found}


def orders_placed_by(user_id: UUID, *, after: UUID | None, limit: int) -> list[Order]:
    """Orders that a person placed or entered, by id, from beyond `after` on. One statement."""
    rows = Order.objects.in_tenant().filter(created_by=user_id).order_by("id")
    return list((rows.filter(id__gt=after) if after else rows)[:limit])


def order_by_idempotency_key(key: str) -> Order | None:
    """The order that was placed with this key, if one was. One statement."""
    placed: Order | None = Order.objects.in_tenant().filter(idempotency_key=key).first()
    return placed


def review_limits() -> Any:
    """Which orders are reviewed, by currency."""
    return ReviewLimit.objects.in_tenant().order_by("currency", "id")


def review_limit(currency: str) -> ReviewLimit | None:
    """The limit for a currency, if there is one. One statement."""
    found: ReviewLimit | None = ReviewLimit.objects.in_tenant().filter(currency=currency).first()
    return found


def tax_rates() -> Any:
    """Every tax rate, by country, class and time."""
    return TaxRate.objects.in_tenant().order_by("country", "tax_class", "valid_from", "id")


def tax_rates_at(country: str, at: datetime) -> dict[str, int]:
    """What is taken of each class of goods that go to a country (ISO 3166-1 alpha-2) on the day (UTC) of a moment.

    In 1/10,000. A class for which nothing is said is left out. One statement.
    """
    day = at.astimezone(UTC).date()
    valid = tax_rates().filter(country__in=["", country[:2] if len(country) == 2 else ""], valid_from__lte=day)
    return dict(valid.values_list("tax_class", "rate_e4"))  # the last one counts: the country's own, the latest


def tax_settings() -> TaxSettings | None:
    """How the company names its prices, if it has said so. One statement."""
    found: TaxSettings | None = TaxSettings.objects.in_tenant().first()
    return found


def prices_include_tax() -> bool:
    """Whether the company's prices are gross. One statement."""
    known = tax_settings()
    return known is not None and known.prices_include_tax


def shipping_methods() -> Any:
    """Every way in which the company sends goods, by name. One statement."""
    return ShippingMethod.objects.in_tenant().order_by("name", "id")


def shipping_methods_for(*, country: str, currency: str) -> list[ShippingMethod]:
    """Those that go there and have a price in that currency, by name. One statement."""
    return [way for way in shipping_methods() if way.serves(country) and way.price_in(currency)]


def shipping_method(method_id: UUID) -> ShippingMethod:
    """Also one that is no longer offered. One statement. Raises ShippingMethodNotFound."""
    return _way(ShippingMethod.with_deleted.in_tenant().filter(id=method_id).first(), method_id)


def lock_shipping_method(method_id: UUID, *, with_deleted: bool = False) -> ShippingMethod:
    """Under a row lock. Raises ShippingMethodNotFound."""
    manager = ShippingMethod.with_deleted if with_deleted else ShippingMethod.objects
    return _way(manager.in_tenant().select_for_update().filter(id=method_id).first(), method_id)


def lock_order(order_id: UUID) -> Order:
    """The order under a row lock. Raises OrderNotFound."""
    return _found(Order.objects.in_tenant().select_for_update().filter(id=order_id).first(), order_id)


def lines_of(order_id: UUID) -> list[OrderLine]:
    """The lines of one order in their order. One statement."""
    return list(OrderLine.objects.in_tenant().filter(order_id=order_id).order_by("ordinal"))


def notes_of_order(order_id: UUID) -> list[OrderNote]:
    """What was written about an order, the latest first, with what came with it. Two statements."""
    attachments = Prefetch("attachments", OrderAttachment.objects.in_tenant().order_by("ordinal"))
    rows = OrderNote.objects.in_tenant().filter(order_id=order_id)
    return list(rows.prefetch_related(attachments).order_by("-id"))


def note_count(order_id: UUID) -> int:
    """How many notes an order has."""
    return int(OrderNote.objects.in_tenant().filter(order_id=order_id).count())


def lock_note(order_id: UUID, note_id: UUID) -> OrderNote:
    """Under a row lock. Raises NoteNotFound."""
    rows = OrderNote.objects.in_tenant().select_for_update()
    found: OrderNote | None = rows.filter(id=note_id, order_id=order_id).first()
    if found is None:
        raise NoteNotFound(f"the order has no note {note_id}")
    return found


def lock_orders(order_ids: Collection[UUID]) -> set[UUID]:
    """Which of these exist, under row locks taken in the order of their ids. One statement."""
    rows = Order.objects.in_tenant().select_for_update().filter(id__in=list(order_ids)).order_by("id")
    return set(rows.values_list("id", flat=True))


def orders_by_id(order_ids: Collection[UUID]) -> list[Order]:
    """Those that exist, with customers and lines. Two statements."""
    return list(_with_lines().filter(id__in=list(order_ids)))


def pages_of_orders(size: int = 500) -> Iterator[list[Order]]:
    """Every order, in the order of their ids, with customers and lines. Two statements for each page."""
    return _pages(_with_lines(), size)


def returns_by_id(order_return_ids: Collection[UUID]) -> list[OrderReturn]:
    """Those returns and credits that exist, with their lines. Two statements."""
    return list(OrderReturn.objects.in_tenant().prefetch_related("lines").filter(id__in=list(order_return_ids)))


def pages_of_returns(size: int = 500) -> Iterator[list[OrderReturn]]:
    """Every return and credit, in the order of their ids, with their lines. Two statements for each page."""
    return _pages(OrderReturn.objects.in_tenant().prefetch_related("lines"), size)


def lock_return(order_return_id: UUID) -> OrderReturn:
    """A return or credit under a row lock, with its lines, its order and the customers. Raises ReturnNotFound."""
    rows = OrderReturn.objects.in_tenant().select_for_update(of=("self",)).filter(id=order_return_id)
    lines = Prefetch("lines", OrderReturnLine.objects.in_tenant().select_related("order_line").order_by("ordinal"))
    found: OrderReturn | None = rows.select_related("customer", "order__customer").prefetch_related(lines).first()
    if found is None:
        raise ReturnNotFound(f"there is no return {order_return_id}")
    return found


def timeline(order_id: UUID) -> list[Envelope]:
    """What happened to an order, oldest first, from the event log. Two statements. Raises OrderNotFound."""
    require_order(order_id)
    return stream(order_id, using=alias_for(Order))


def order_as_of(order_id: UUID, at: datetime | None = None) -> Known[OrderState]:
    """What was known of an order at some moment, from its events alone. Two statements.

    Raises OrderNotFound, also when it was not placed yet.
    """
    require_order(order_id)
    known = state_of(ORDER, order_id, using=alias_for(Order), at=at)
    if known is None:
        raise OrderNotFound(f"order {order_id} was not placed yet")
    return known


def customers() -> Any:
    """All customers, by name."""
    return Customer.objects.in_tenant().order_by("name_key", "id")


def customers_by_code(codes: Collection[str]) -> list[Customer]:
    """Those that exist. One statement."""
    return list(Customer.objects.in_tenant().filter(code__in=list(codes)))


def customers_by_id(customer_ids: Collection[UUID]) -> dict[UUID, Customer]:
    """Those that exist. One statement."""
    return {found.id: found for found in Customer.objects.in_tenant().filter(id__in=list(customer_ids))}


def customer_matches(text: str) -> Q:
    """Customers whose name begins with `text`, or whose code or address of mail it is. Costs a statement for a key."""
    return begins_with("name_key", text) | Q(code=text.strip()) | whose(Customer, "email_mark", text)


def customer(customer_id: UUID) -> Customer:
    """Raises CustomerNotFound."""
    found: Customer | None = Customer.objects.in_tenant().filter(id=customer_id).first()
    if found is None:
        raise CustomerNotFound(f"there is no customer {customer_id}")
    return found


def history_of_customer(customer_id: UUID) -> list[PurchaseHistory]:
    """What a customer bought and brought back, by currency; empty where nothing. One statement."""
    return list(PurchaseHistory.objects.in_tenant().filter(customer_id=customer_id).order_by("currency"))


def buyer(customer_id: UUID) -> Customer:
    """A customer who may still buy. Raises CustomerNotFound, CustomerIsErased."""
    return _not_erased(customer(customer_id))


def lock_customer(customer_id: UUID) -> Customer:
    """The customer under a row lock, to be changed. Raises CustomerNotFound, CustomerIsErased."""
    return _not_erased(lock_any_customer(customer_id))


def lock_any_customer(customer_id: UUID) -> Customer:
    """The customer under a row lock, also one who was erased. Raises CustomerNotFound."""
    found: Customer | None = Customer.objects.in_tenant().select_for_update().filter(id=customer_id).first()
    if found is None:
        raise CustomerNotFound(f"there is no customer {customer_id}")
    return found


def has_open_orders(customer_id: UUID) -> bool:
    """Whether an order that was placed here is still to be decided, or waits for its goods to leave."""
    own = Order.objects.in_tenant().filter(customer_id=customer_id)
    undecided = Q(status__in=[Order.Status.PENDING, Order.Status.HELD, Order.Status.UNDER_REVIEW])
    unsent = Q(status__in=[Order.Status.PLACED, Order.Status.PARTLY_RETURNED]) & ~Q(source=Order.Source.IMPORT)
    unsent &= Q(fulfilment_status__in=[FulfilmentStatus.UNFULFILLED, FulfilmentStatus.PARTLY_SHIPPED])
    return bool(own.filter(undecided | unsent).exists())


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


def revenue_by_day(*, since: date) -> list[DailyRevenue]:
    """What was sold on each day (UTC) from `since` on, by day and currency; days without any are left out."""
    return list(DailyRevenue.objects.in_tenant().filter(day__gte=since).order_by("day", "currency"))


def changes(where: ChangeFilter, *, limit: int) -> list[Change]:
    """The latest wanted changes of orders, customers and their settings, newest first. Three statements each."""
    tracked = (Order, OrderNote, Customer, CustomerAddress, ReviewLimit, ShippingMethod, TaxRate, TaxSettings)
    return changes_of(*tracked, where=where, limit=limit)


def changes_of_order(order_id: UUID, *, limit: int = 50) -> list[Change]:
    """Who changed an order and what, newest first. Three statements."""
    return changes_of(Order, where=ChangeFilter(entity_ids=(order_id,)), limit=limit)


def require_order(order_id: UUID) -> None:
    """One statement. Raises OrderNotFound."""
    _found(Order.objects.in_tenant().filter(id=order_id).only("id").first(), order_id)


def _with_lines() -> Any:
    lines = OrderLine.objects.in_tenant().order_by("ordinal")
    return Order.objects.in_tenant().select_related("customer").prefetch_related(Prefetch("lines", lines))


def _pages(rows: Any, size: int) -> Iterator[list[Any]]:
    after = UUID(int=0)
    while page := list(rows.filter(id__gt=after).order_by("id")[:size]):
        yield page
        after = page[-1].id


def _found(order: Order | None, order_id: UUID) -> Order:
    if order is None:
        raise OrderNotFound(f"there is no order {order_id}")
    return order


def _way(method: ShippingMethod | None, method_id: UUID) -> ShippingMethod:
    if method is None:
        raise ShippingMethodNotFound(f"there is no shipping method {method_id}")
    return method
