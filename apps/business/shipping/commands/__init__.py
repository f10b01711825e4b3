"""Every write to shipments."""

from apps.business.shipping.commands.recording import PastParcel, record_delivered
from apps.business.shipping.commands.shipping import (
    Way,
    deliver,
    lose,
    pack,
    quantities_of,
    send,
    ship,
    take_back,
    unpack,
)

__all__ = [
    "PastParcel",
    "Way",
    "deliver",
    "lose",
    "pack",
    "quantities_of",
    "record_delivered",
    "send",
    "ship",
    "take_back",
    "unpack",
]
