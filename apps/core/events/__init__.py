"""Facts that others may rely on: appended in the transaction of the change, delivered in order, effective once.

A feature declares its events (`Event`, `event`), publishes them inside `unit_of_work`, and reacts to those of others by
functions marked with `handles`. How they travel (`relay`, `follower`, Kafka) is nobody's business but this part's.
"""

from apps.core.events.definition import Event, EventPart, event, remember_origin
from apps.core.events.envelope import Envelope, EventOrigin, Metadata
from apps.core.events.errors import InvalidMessage
from apps.core.events.folding import Fold, Known
from apps.core.events.personal import Personal
from apps.core.events.subscriptions import handles, handles_many
from apps.core.events.unit import UnitOfWork, announce, repeated_when_overtaken, unit_of_work
from apps.core.events.upcasting import upcasts

__all__ = [
    "Envelope",
    "Event",
    "EventOrigin",
    "EventPart",
    "Fold",
    "InvalidMessage",
    "Known",
    "Metadata",
    "Personal",
    "UnitOfWork",
    "announce",
    "event",
    "handles",
    "handles_many",
    "remember_origin",
    "repeated_when_overtaken",
    "unit_of_work",
    "upcasts",
]
