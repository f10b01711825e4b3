"""Personal values are encrypted on their way into the log, and stay so in the log, in Kafka and in dead letters.

They are decrypted where an event is read. What was written before values were marked is read as it is; what belongs to
somebody whose key was destroyed is read as `ERASED`, so that handlers and replays go on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from apps.core.crypto.keys import Owner
from apps.core.crypto.sealing import Unreadable
from apps.core.crypto.tokens import encrypt, opened
from apps.core.events.definition import Definition, Event

Change = Callable[[str, str], str]  # a text and the place it stands in -> what is to stand there


@dataclass(frozen=True, slots=True)
class Place:
    """Where an event lies, or another `kind` of thing with an id: encrypted values open nowhere else."""

    database: str
    tenant_id: UUID
    event_id: UUID
    kind: str = "event"

    def conceal(self, value: Any, name: str, *, subject_id: UUID | None) -> Any:
        """The value with its texts encrypted for a person, or for the tenant where it is about nobody in particular."""
        owner = Owner(self.database, self.tenant_id, subject_id or self.tenant_id)
        return _changed(value, self._of(name), lambda text, place: encrypt(text, owner=owner, place=place))

    def reveal(self, value: Any, name: str) -> Any:
        """The value as it was before; ERASED in the place of what nobody can read any more. Raises Unreadable."""

        def plain(text: str, place: str) -> str:
            return opened(text, database=self.database, tenant_id=self.tenant_id, place=place)

        return _changed(value, self._of(name), plain)

    def _of(self, name: str) -> str:
        return f"{self.kind} {self.event_id} {name}"


def concealed_payload(happened: Event, payload: Mapping[str, Any], definition: Definition, place: Place) -> Any:
    """An event's payload as it is written."""
    hidden = {
        field.wire_name: place.conceal(payload[field.wire_name], field.wire_name, subject_id=field.subject_of(happened))
        for field in definition.personal
    }
    return {**payload, **hidden}


def revealed_payload(payload: Mapping[str, Any], version: int, definition: Definition, place: Place) -> dict[str, Any]:
    """A payload as it was before it was written. Raises Unreadable.

    The definition says what is personal in its newest version alone: in older ones a field may have had another name,
    so there every text is tried, and one that only looks encrypted stays as it is.
    """
    plain = dict(payload)
    declared = {field.wire_name for field in definition.personal}
    for name in payload if version != definition.version else declared & payload.keys():
        try:
            plain[name] = place.reveal(payload[name], name)
        except Unreadable:
            if name in declared:
                raise
    return plain


def _changed(value: Any, place: str, change: Change) -> Any:
    """The value with each of its texts changed; empty ones hide nothing and stay."""
    if isinstance(value, str):
        return change(value, place) if value else value
    if isinstance(value, Mapping):
        return {name: _changed(one, f"{place} {name}", change) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_changed(one, f"{place} {number}", change) for number, one in enumerate(value)]
    return value
