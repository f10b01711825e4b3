"""What is posted: the event's envelope as JSON.

An event waits sealed, as it lay in the log, and is opened when it is sent: what was erased from it in the meantime
does not leave. Who acted from where (`origin`) is for the security log and is left out.
"""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from apps.core.crypto.sealing import Unreadable, seal, unseal
from apps.core.events import Envelope, InvalidMessage
from apps.core.events.definition import definition_of
from apps.core.events.envelope import decode, encode
from apps.core.webhooks.models import WebhookMessage

_PURPOSE = "webhook message"


class BodyUnreadable(Exception):
    """The event was sealed with a key that is gone, or is none that this release knows."""


def sealed(envelope: Envelope, message: WebhookMessage) -> bytes:
    """The envelope as it waits in its message."""
    return seal(encode(envelope), purpose=_PURPOSE, place=str(message.id))


def body_of(message: WebhookMessage) -> bytes:
    """What is posted. Raises BodyUnreadable."""
    try:
        envelope = decode(unseal(bytes(message.sealed), purpose=_PURPOSE, place=str(message.id)))
        return encode(_presented(envelope))
    except (Unreadable, InvalidMessage) as error:
        raise BodyUnreadable(str(error)) from error


def shown_body(message: WebhookMessage) -> str | None:
    """What is posted, for people to read; None when it cannot be read any more."""
    try:
        return body_of(message).decode()
    except BodyUnreadable:
        return None


def _presented(envelope: Envelope) -> Envelope:
    """As receivers see it: the event in its newest version."""
    event = envelope.event()
    return msgspec.structs.replace(
        envelope,
        version=definition_of(type(event)).version,
        payload=msgspec.to_builtins(event),
        metadata=msgspec.structs.replace(envelope.metadata, origin=UNSET),
    )
