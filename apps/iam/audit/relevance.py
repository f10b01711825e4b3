"""Domain events that matter to the security log by themselves: one line above the event says so.

    @security_relevant(Kind.MEMBER_CHANGED, subject="user_id", shows=("roles",), change="invited")
    @event(topic="iam.users", aggregate="Membership", version=1)
    class MemberInvited(Event): ...

The event then carries who acted and from where, and its one record is written by `audit.handlers`. What is told by
`record_security_event` already needs no such line: each happening is recorded once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from apps.core.events import Event, remember_origin
from apps.iam.audit.kinds import Kind

E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True)
class Relevance:
    """How one class of events reads in the security log."""

    kind: Kind
    subject: str
    shows: tuple[str, ...]
    says: Mapping[str, str]

    def subject_of(self, happened: Event) -> UUID:
        """Whose security it is about."""
        return UUID(str(getattr(happened, self.subject)))

    def details_of(self, happened: Event) -> dict[str, str]:
        """What is the same for all such events, and the fields that are shown. Empty ones are left out."""
        shown = {name: _text(getattr(happened, name)) for name in self.shows}
        return {name: text for name, text in {**self.says, **shown}.items() if text}


_relevant: dict[type[Event], Relevance] = {}


def security_relevant(
    kind: Kind, *, subject: str, shows: tuple[str, ...] = (), **says: str
) -> Callable[[type[E]], type[E]]:
    """Have each such event recorded as `kind`. `subject` is the field with the id of whom it is about, `shows` are the
    fields that go into the record's details, beside what it `says` always.

    Raises TypeError when the class has no such field.
    """

    def register(cls: type[E]) -> type[E]:
        missing = {subject, *shows} - set(cls.__struct_fields__)
        if missing:
            raise TypeError(f"{cls.__name__} has no field {', '.join(sorted(missing))}")
        _relevant[cls] = Relevance(kind, subject, shows, says)
        remember_origin(cls)
        return cls

    return register


def relevant_events() -> dict[type[Event], Relevance]:
    """Every class that was registered, in the order of registration."""
    return dict(_relevant)


def _text(value: object) -> str:
    if isinstance(value, tuple | list | set | frozenset):
        return ", ".join(map(_text, value))
    return "" if value is None else str(value)
