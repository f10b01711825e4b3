"""How a handler is called: in the event's tenant and trace, as the group, the event being the cause of what follows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import Context, copy_context
from typing import Any

from django.db import connections
from opentelemetry.trace import SpanKind

from apps.core.events.envelope import Envelope, handling
from apps.core.events.errors import InvalidMessage
from apps.core.events.subscriptions import Group
from apps.core.history import Actor, acting
from apps.core.observability import get_logger, span
from apps.core.tenancy import tenant

logger = get_logger(__name__)


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


@contextmanager
def delivery_of_many(group: Group, envelopes: Sequence[Envelope]) -> Iterator[None]:
    """The same for events of one tenant together: one span that is linked to what caused each of them."""
    attributes = {
        "messaging.consumer.group.name": group.name,
        "messaging.batch.message_count": str(len(envelopes)),
        "tenant.id": str(envelopes[0].metadata.tenant_id),
    }
    causes = [envelope.metadata.traceparent for envelope in envelopes]
    with (
        tenant(envelopes[0].metadata.tenant_id),
        span(group.name, links=causes, attributes=attributes, kind=SpanKind.CONSUMER),
        acting(Actor(kind="system", name=group.name)),
    ):
        yield


class Afterwards:
    """What handlers in one transaction leave to be done after the commit: it still belongs to its event then, and when
    it fails, what others left is done all the same.
    """

    def __init__(self, alias: str) -> None:
        self._connection = connections[alias]
        self._before = len(self._connection.run_on_commit)
        self._contexts: list[Context] = []

    def note(self) -> None:
        """Called inside each delivery, after its handlers."""
        more = len(self._connection.run_on_commit) - self._before - len(self._contexts)
        self._contexts += [copy_context() for _ in range(more)]

    def arrange(self) -> None:
        """Called last in the transaction: until then, what waits can be looked at."""
        waiting: Any = self._connection.run_on_commit
        waiting[self._before :] = [
            (savepoints, _apart(function, context), False)
            for (savepoints, function, _), context in zip(waiting[self._before :], self._contexts, strict=True)
        ]


def _apart(function: Callable[[], object], context: Context) -> Callable[[], None]:
    def run() -> None:
        try:
            context.run(function)
        except Exception:  # the effects are committed: nothing comes of raising it
            logger.exception("events.after_commit_failed")

    return run


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
