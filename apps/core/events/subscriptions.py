"""Who wants to hear of what: handlers in groups. A group reads each event once, in order, on its own."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

from django.conf import settings
from django.utils.module_loading import autodiscover_modules

from apps.core.events.definition import Event, definition_of
from apps.core.events.envelope import Envelope

H = TypeVar("H", bound=Callable[..., None])
ManyHandler = Callable[[Sequence[Envelope]], None]


@dataclass(frozen=True, slots=True)
class Subscription:
    """One handler of one event. `wants_envelope` when its signature names it, `alone` as it was declared."""

    handler: Callable[..., None]
    wants_envelope: bool
    alone: bool = False

    def __call__(self, happened: Event, envelope: Envelope) -> None:
        if self.wants_envelope:
            self.handler(happened, envelope=envelope)
        else:
            self.handler(happened)


@dataclass(slots=True)
class Group:
    """Handlers that share a place in the log. Their effects, inbox and dead letters lie in the database `using`."""

    name: str
    using: str
    subscriptions: dict[str, list[Subscription]] = field(default_factory=dict)
    topics: set[str] = field(default_factory=set)
    many: ManyHandler | None = None

    @property
    def service(self) -> str:
        return self.name.partition(".")[0]

    @property
    def sources(self) -> list[str]:
        """Aliases of the databases whose logs hold the group's topics."""
        return sorted({log_of(topic) for topic in self.topics})

    def wants(self, event_type: str) -> bool:
        return event_type in self.subscriptions

    def wants_alone(self, event_type: str) -> bool:
        """Whether such an event gets a transaction of its own."""
        return any(subscription.alone for subscription in self.subscriptions.get(event_type, []))

    def of(self, envelope: Envelope) -> list[Subscription]:
        """The handlers of this event, whichever version it was published in."""
        return self.subscriptions.get(envelope.event_type, [])


_groups: dict[str, Group] = {}


def handles(cls: type[Event], *, group: str, using: str | None = None, alone: bool = False) -> Callable[[H], H]:
    """Call the function with every such event: `(event)`, or `(event, *, envelope)` if its signature names it.

    An older version arrives lifted to the class's (`upcasts`), so there is one handler for all of them.

    `group` is `<service>.<handler>`; `using` is the database of its effects (default: its service's own). It runs in
    the event's tenant and in a transaction on that database, at least once, and its effect is kept exactly once.
    The transaction may be that of other events of the tenant too: what waits for somebody else in it (a remote call)
    makes all of them wait, so such a handler asks to be `alone` with its event.
    Raise InvalidMessage for what can never succeed. Raises ValueError when the group is declared for two databases.
    """
    definition, alias = definition_of(cls), using or log_of(group)

    def register(function: H) -> H:
        known = _groups.setdefault(group, Group(group, alias))
        if known.using != alias:
            raise ValueError(f"group {group} keeps its effects in {known.using}, so not in {alias}")
        known.topics.add(definition.topic)
        wants_envelope = "envelope" in inspect.signature(function).parameters
        known.subscriptions.setdefault(definition.name, []).append(Subscription(function, wants_envelope, alone))
        return function

    return register


def handles_many(function: ManyHandler, *, group: str) -> None:
    """Have a group do with many events of one tenant at once what its handlers do with each: for speed.

    The function gets the envelopes in their order, in one transaction, and must come to the same rows. It publishes
    nothing and keeps no history: both would not know of which event. When it fails, the handlers get the events one by
    one. Raises KeyError when the group has no handlers yet, ValueError when it has another such function.
    """
    found = _groups[group]
    if found.many not in (None, function):
        raise ValueError(f"group {group} handles many events by {found.many} already")
    found.many = function


def log_of(name: str) -> str:
    """The alias of the database of a topic's or group's service. Raises ValueError on a service that has none."""
    service = name.partition(".")[0]
    databases: dict[str, str] = settings.EVENTS_LOG_OF_SERVICE
    try:
        return databases[service]
    except KeyError:
        raise ValueError(f"{name!r} begins with no service that has a database: {', '.join(databases)}") from None


def group_named(name: str) -> Group:
    """Raises KeyError when no handler names it."""
    _discover()
    return _groups[name]


def groups() -> list[Group]:
    """Every group declared in the installed apps' `handlers.py`, by name."""
    _discover()
    return [_groups[name] for name in sorted(_groups)]


def groups_here() -> list[Group]:
    """The groups that this process consumes: those of its services, or the ones that EVENTS_CONSUME names.

    Raises ValueError when it names one that does not exist.
    """
    chosen: list[str] = settings.EVENTS_CONSUME
    if chosen == ["none"]:
        return []
    if chosen == ["all"]:
        return [group for group in groups() if group.service in settings.SERVICES]
    return resolved(chosen)


def resolved(names: Iterable[str]) -> list[Group]:
    """The groups of these names, each once, by name; the service may be left out where that is enough.

    Raises ValueError when a name is nobody's, or more than one group's.
    """
    return sorted({group.name: group for group in map(_resolved, names)}.values(), key=lambda group: group.name)


def _resolved(name: str) -> Group:
    known = groups()
    fitting = [one for one in known if one.name == name] or [
        one for one in known if one.name == f"{one.service}.{name}"
    ]
    if not fitting:
        raise ValueError(
            f"there is no consumer group {name!r}; there are {', '.join(one.name for one in known) or 'none'}"
        )
    if len(fitting) > 1:
        raise ValueError(f"{name!r} may be any of {', '.join(one.name for one in fitting)}: name the service too")
    return fitting[0]


@cache
def _discover() -> None:
    """Late, since handlers import commands and models."""
    autodiscover_modules("handlers")


def _forget(name: str) -> Any:
    """For tests that declare groups of their own."""
    return _groups.pop(name, None)
