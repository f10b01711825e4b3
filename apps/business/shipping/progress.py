"""What may become of a parcel, by its new status: the API and the pages call the same commands."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.business.shipping import commands
from apps.business.shipping.models import Shipment
from apps.core.history import Actor

Status = Shipment.Status
CHOICES = [choice for choice in Status.choices if choice[0] != Status.READY]
_COMMANDS = {Status.DELIVERED: commands.deliver, Status.RETURNED: commands.take_back, Status.LOST: commands.lose}


def progressed(*, shipment_id: UUID, status: str, way: commands.Way, actor: Actor, now: datetime) -> Shipment:
    """Raises what the command of that status raises."""
    if status == Status.SHIPPED:
        return commands.send(shipment_id=shipment_id, way=way, actor=actor, now=now)
    return _COMMANDS[Status(status)](shipment_id=shipment_id, actor=actor, now=now)
