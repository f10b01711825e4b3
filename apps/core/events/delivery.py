"""How a handler is called: in the event's tenant and trace, as the group, the event being the cause of what follows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.trace import SpanKind

from apps.core.events.envelope import Envelope, handling
from apps.core.events.errors import InvalidMessage
from apps.core.events.subscriptions import Group
from apps.core.history import Actor, acting
from apps.core.observability import span
from apps.core.tenancy import tenant


@contextmanager
def delivery(group: Group, envelope: Envelope) -> Iterator[None]:
    """Everything inside belongs to this event's way through this group."""
    name = f"{group.name} {envelope.event_type}"
    attributes = {
        "messaging.consumer.group.name": group.name,
        "messaging.message.id": str(envelope.event_id),
        "tenant.id": str(envelope.metadata.tenant_id),
    }
    with (
        tenant(envelope.metadata.tenant_id),
        span(name, parent=envelope.metadata.traceparent, attributes=attributes, kind=SpanKind.CONSUMER),
        acting(Actor(kind="system", name=group.name), trace_id=envelope.metadata.correlation_id),
        handling(envelope),
    ):
        yield


def call_handlers(group: Group, envelope: Envelope) -> None:
    """Run the group's handlers of this event, in the order of their declaration. Raises what they raise.

    Raises InvalidMessage when the group has none (any more), or this process does not know the event's version yet.
    """
    subscriptions = group.of(envelope)
    if not subscriptions:
        raise InvalidMessage(f"{group.name} has no handler of {envelope.event_type}")
    event = envelope.event()
    for subscription in subscriptions:
        subscription(event, envelope)
