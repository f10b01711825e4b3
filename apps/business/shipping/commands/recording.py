"""Parcels of the past: they arrived before anybody told this platform."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.business.shipping.models import Shipment, ShipmentLine
from apps.business.units import work_of
from apps.core.history import Actor

_BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class PastParcel:
    """All goods of an order in one parcel. `lines` are the order's; its events name the parcel by `shipment_id`."""

    shipment_id: UUID
    order_id: UUID
    order_number: str
    arrived_at: datetime
    lines: Sequence[Any]


def record_delivered(*, parcels: Sequence[PastParcel], actor: Actor, now: datetime) -> None:
    """Record parcels that arrived. The orders know of them already; nothing is announced, since nobody waits for them.

    Two statements, however many.
    """
    with work_of(actor, Shipment):
        Shipment.objects.bulk_create([_parcel(one, actor, now) for one in parcels])
        lines = [_line(one, place, line) for one in parcels for place, line in enumerate(one.lines, start=1)]
        ShipmentLine.objects.bulk_create(lines, batch_size=_BATCH)


def _parcel(one: PastParcel, actor: Actor, now: datetime) -> Shipment:
    return Shipment(
        id=one.shipment_id,
        order_id=one.order_id,
        ordinal=1,
        number=f"{one.order_number}-1",
        status=Shipment.Status.DELIVERED,
        shipped_at=one.arrived_at,
        delivered_at=one.arrived_at,
        created_at=now,
        created_by=actor.id,
        updated_at=now,
        updated_by=actor.id,
    )


def _line(one: PastParcel, ordinal: int, line: Any) -> ShipmentLine:
    return ShipmentLine(
        shipment_id=one.shipment_id,
        ordinal=ordinal,
        order_line_id=line.id,
        product_id=line.product_id,
        code=line.code,
        description=line.description,
        quantity=line.quantity,
    )
