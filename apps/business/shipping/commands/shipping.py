"""Every write to shipments, one transaction each.

The order's row is locked first, everywhere: parcels of one order are packed one after the other, so that together they
never hold more than is owed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError

from apps.business.inventory import commands as inventory
from apps.business.inventory import queries as stock
from apps.business.orders import queries as orders
from apps.business.orders.commands.fulfilling import note_delivered, note_shipped
from apps.business.orders.errors import OrderIsCancelled, OrderNotDecided
from apps.business.shipping import queries
from apps.business.shipping.errors import InvalidShipment, ShipmentHasMovedOn
from apps.business.shipping.events import (
    LineInParcel,
    ShipmentDelivered,
    ShipmentLost,
    ShipmentReturned,
    ShipmentShipped,
)
from apps.business.shipping.models import Shipment, ShipmentLine
from apps.business.units import work_of
from apps.core.db.ids import uuid7
from apps.core.events import UnitOfWork
from apps.core.history import Actor

Status = Shipment.Status
_WAY = ("carrier", "tracking_number", "tracking_link")
_AGREED = ("placed", "partly_returned", "returned")
_ANNOUNCED = {Status.DELIVERED: ShipmentDelivered, Status.RETURNED: ShipmentReturned, Status.LOST: ShipmentLost}


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a parcel goes."""

    carrier: str = ""
    tracking_number: str = ""
    tracking_link: str = ""


def pack(
    *,
    order_id: UUID,
    lines: Mapping[UUID, int],
    actor: Actor,
    way: Way | None = None,
    warehouse_id: UUID | None = None,
    shipment_id: UUID | None = None,
) -> Shipment:
    """Make a parcel ready with so much of each of the order's lines. It leaves by `send`.

    Safe to repeat with the same `shipment_id`. Raises OrderNotFound, OrderNotDecided, OrderIsCancelled,
    InvalidShipment, WarehouseNotFound.
    """
    with work_of(actor, Shipment):
        order = orders.lock_order(order_id)
        known = queries.shipment_if_any(shipment_id) if shipment_id else None
        if known is not None:
            return known
        if order.status == "cancelled":
            raise OrderIsCancelled(f"order {order.number} is cancelled")
        if order.status not in _AGREED:
            raise OrderNotDecided(f"order {order.number} was not agreed to: it is {order.status}")
        if warehouse_id is not None:
            stock.open_warehouse(warehouse_id)
        owed = {line.line_id: line for line in queries.owed(order_id)}
        _check(lines, owed)
        ordinal = 1 + max((one.ordinal for one in queries.shipments_of_order(order_id)), default=0)
        packed = Shipment(
            id=shipment_id or uuid7(),
            order_id=order_id,
            ordinal=ordinal,
            number=f"{order.number}-{ordinal}",
            warehouse_id=warehouse_id,
        )
        _describe(packed, way or Way())
        packed.save()
        ShipmentLine.objects.bulk_create(
            _line(packed, place, owed[line_id], lines[line_id]) for place, line_id in enumerate(lines, start=1)
        )
    return queries.shipment(packed.id)


def ship(
    *,
    order_id: UUID,
    lines: Mapping[UUID, int],
    actor: Actor,
    now: datetime,
    carrier: str = "",
    tracking_number: str = "",
    tracking_link: str = "",
    warehouse_id: UUID | None = None,
    shipment_id: UUID | None = None,
) -> Shipment:
    """Send a parcel with so much of each of the order's lines: it is packed and on its way.

    Safe to repeat with the same `shipment_id`. Raises what `pack` and `send` raise.
    """
    way = Way(carrier=carrier, tracking_number=tracking_number, tracking_link=tracking_link)
    with work_of(actor, Shipment):
        packed = pack(
            order_id=order_id, lines=lines, actor=actor, way=way, warehouse_id=warehouse_id, shipment_id=shipment_id
        )
        return send(shipment_id=packed.id, actor=actor, now=now)


def send(*, shipment_id: UUID, actor: Actor, now: datetime, way: Way | None = None) -> Shipment:
    """A parcel that is ready leaves: what was reserved of its goods leaves the stock, and the order is told.

    Safe to repeat. Raises ShipmentNotFound, ShipmentHasMovedOn, InvalidShipment, StockShort and what `note_shipped`
    raises, say OrderIsCancelled.
    """
    with _changing(shipment_id, actor) as (parcel, work):
        if parcel.shipped_at is not None:
            return queries.shipment(shipment_id)
        if way is not None:
            _describe(parcel, way)
        parcel.become(Status.SHIPPED, at=now)
        parcel.save()
        lines = list(queries.shipment(shipment_id).lines.all())
        _take_reserved(parcel, lines, actor=actor, now=now)
        note_shipped(
            order_id=parcel.order_id,
            shipment_id=parcel.id,
            quantities={line.order_line_id: line.quantity for line in lines},
            carrier=parcel.carrier,
            tracking_number=parcel.tracking_number,
            actor=actor,
            now=now,
        )
        work.publish(_shipped(parcel, lines))
    return queries.shipment(shipment_id)


def deliver(*, shipment_id: UUID, actor: Actor, now: datetime) -> Shipment:
    """A parcel has arrived, and the order is told. Safe to repeat. Raises ShipmentNotFound, ShipmentHasMovedOn."""
    return _follow(shipment_id, Status.DELIVERED, actor=actor, now=now)


def take_back(*, shipment_id: UUID, actor: Actor, now: datetime) -> Shipment:
    """The carrier brought a parcel back. Neither stock nor money moves: that is a return of the order's.

    Safe to repeat. Raises ShipmentNotFound, ShipmentHasMovedOn.
    """
    return _follow(shipment_id, Status.RETURNED, actor=actor, now=now)


def lose(*, shipment_id: UUID, actor: Actor, now: datetime) -> Shipment:
    """Nobody knows where a parcel is. Safe to repeat. Raises ShipmentNotFound, ShipmentHasMovedOn."""
    return _follow(shipment_id, Status.LOST, actor=actor, now=now)


def unpack(*, shipment_id: UUID, actor: Actor) -> None:
    """Take a parcel apart that has not left: its goods may go into another.

    Raises ShipmentNotFound, ShipmentHasMovedOn.
    """
    with _changing(shipment_id, actor) as (parcel, _):
        if parcel.status != Status.READY:
            raise ShipmentHasMovedOn(f"shipment {parcel.number} is {parcel.status}")
        ShipmentLine.objects.in_tenant().filter(shipment_id=shipment_id).delete()
        parcel.delete()


def quantities_of(lines: Iterable[tuple[UUID, int]]) -> dict[UUID, int]:
    """By the order's line, where a line may be named more than once."""
    quantities: Counter[UUID] = Counter()
    for line_id, quantity in lines:
        quantities[line_id] += quantity
    return dict(quantities)


@contextmanager
def _changing(shipment_id: UUID, actor: Actor) -> Iterator[tuple[Shipment, UnitOfWork]]:
    """A parcel, and its order before it, under their locks."""
    with work_of(actor, Shipment) as work:
        orders.lock_order(queries.shipment(shipment_id).order_id)
        yield queries.lock_shipment(shipment_id), work


def _follow(shipment_id: UUID, status: Status, *, actor: Actor, now: datetime) -> Shipment:
    with _changing(shipment_id, actor) as (parcel, work):
        if parcel.status == status:
            return queries.shipment(shipment_id)
        parcel.become(status, at=now)
        parcel.save()
        if status == Status.DELIVERED:
            note_delivered(order_id=parcel.order_id, shipment_id=parcel.id, actor=actor, now=now)
        facts = {"order_id": parcel.order_id, "number": parcel.number, "occurred_at": now}
        work.publish(_ANNOUNCED[status](shipment_id=parcel.id, **facts))
    return queries.shipment(shipment_id)


def _take_reserved(parcel: Shipment, lines: list[ShipmentLine], *, actor: Actor, now: datetime) -> None:
    """Goods of orders that reserve nothing left the stock when the order was placed."""
    if stock.open_reservation(parcel.order_id) is None:
        return
    quantities: Counter[UUID] = Counter()
    for line in lines:
        quantities[line.product_id] += line.quantity
    occasion = inventory.Occasion(
        actor=actor, occurred_at=now, recorded_at=now, order_id=parcel.order_id, reason=f"shipment {parcel.number}"
    )
    inventory.take_reserved(order_id=parcel.order_id, quantities=quantities, occasion=occasion)


def _check(lines: Mapping[UUID, int], owed: Mapping[UUID, queries.Owed]) -> None:
    errors: dict[str, list[str]] = {}
    for line_id, quantity in lines.items():
        if line_id not in owed:
            errors[f"lines.{line_id}"] = ["nothing of such a line is owed"]
        elif not 0 < quantity <= owed[line_id].quantity:
            errors[f"lines.{line_id}"] = [f"from 1 to {owed[line_id].quantity}"]
        elif quantity > owed[line_id].ready:
            errors[f"lines.{line_id}"] = [_not_there(owed[line_id])]
    if not lines:
        errors["lines"] = ["nothing is to be shipped"]
    _refuse(errors)


def _not_there(line: queries.Owed) -> str:
    return f"{line.ready} of {line.description} can leave now; {line.waiting} must come in first"


def _describe(parcel: Shipment, way: Way) -> None:
    """Write on a parcel how it goes; what is not said stays. Raises InvalidShipment."""
    parcel.carrier = way.carrier or parcel.carrier
    parcel.tracking_number = way.tracking_number or parcel.tracking_number
    parcel.tracking_link = way.tracking_link or parcel.tracking_link
    try:
        parcel.clean_fields(exclude=[field.name for field in parcel._meta.fields if field.name not in _WAY])
    except ValidationError as error:
        _refuse({name: [str(text) for text in texts] for name, texts in error.message_dict.items()})


def _refuse(errors: Mapping[str, list[str]]) -> None:
    if errors:
        place, texts = next(iter(errors.items()))
        raise InvalidShipment(f"{place}: {texts[0]}", errors=dict(errors))


def _line(parcel: Shipment, ordinal: int, owed: queries.Owed, quantity: int) -> ShipmentLine:
    return ShipmentLine(
        shipment=parcel,
        ordinal=ordinal,
        order_line_id=owed.line_id,
        product_id=owed.product_id,
        code=owed.code,
        description=owed.description,
        quantity=quantity,
    )


def _shipped(parcel: Shipment, lines: list[ShipmentLine]) -> ShipmentShipped:
    return ShipmentShipped(
        shipment_id=parcel.id,
        order_id=parcel.order_id,
        number=parcel.number,
        occurred_at=parcel.shipped_at,
        carrier=parcel.carrier,
        tracking_number=parcel.tracking_number,
        tracking_link=parcel.tracking_link,
        lines=tuple(
            LineInParcel(order_line_id=line.order_line_id, product_id=line.product_id, quantity=line.quantity)
            for line in lines
        ),
    )
