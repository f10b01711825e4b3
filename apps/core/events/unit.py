"""One command, one transaction: the change and the events that tell of it exist together or not at all."""

from __future__ import annotations

import functools
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import ParamSpec, TypeVar
from uuid import UUID

from django.db import models, transaction

from apps.core.db.ids import uuid7
from apps.core.db.router import alias_for
from apps.core.errors import Overtaken
from apps.core.events import log
from apps.core.events.definition import Event, definition_of
from apps.core.events.subscriptions import log_of
from apps.core.history import Actor, acting, current_provenance
from apps.core.observability import trace_id

P = ParamSpec("P")
R = TypeVar("R")

_PAUSE_S = 0.01


class UnitOfWork:
    """Publishes events in the transaction that surrounds it. Made by `unit_of_work`."""

    def __init__(self, alias: str) -> None:
        self.alias = alias
        self.command_id: UUID = uuid7()

    def publish(self, event: Event, *, expected: int | None = None) -> int:
        """Append the event to its aggregate's stream; returns its sequence there, counted from 1. One statement.

        From here to the commit other writers of the same aggregate wait. With `expected` the stream must still end
        at that sequence (0: a new aggregate); else Overtaken is raised, whose `extra["version"]` is where it ends.
        Raises NoTenant outside a tenant.
        """
        return log.append(event, using=self.alias, command_id=self.command_id, expected=expected)

    def publish_all(self, streams: Sequence[Sequence[Event]]) -> None:
        """Begin many aggregates, each with all that has happened to it so far, in order. One statement for all of them.

        Raises NoTenant outside a tenant, and Overtaken where something had happened to one of them before.
        """
        log.begin_streams(streams, using=self.alias, command_id=self.command_id)


@contextmanager
def unit_of_work(model: type[models.Model], *, actor: Actor | None = None, reason: str = "") -> Iterator[UnitOfWork]:
    """A transaction on the database that owns `model`. Inside another one on the same database it is a savepoint.

    Rows, history and events inside name `actor` (whoever is acting already when left out), the history `reason` too.
    """
    alias = alias_for(model)
    with _acting(actor, reason), transaction.atomic(using=alias):
        yield UnitOfWork(alias)


def announce(event: Event, *, actor: Actor | None = None) -> int:
    """Append an event that comes with no change of a row, in the log of its service; returns its sequence.

    It joins the transaction around, if there is one on that database. Raises NoTenant outside a tenant.
    """
    alias = log_of(definition_of(type(event)).topic)
    with _acting(actor, ""), transaction.atomic(using=alias, savepoint=False):
        return UnitOfWork(alias).publish(event)


def _acting(actor: Actor | None, reason: str) -> AbstractContextManager[object]:
    known = current_provenance()
    if actor is None or (known is not None and known.actor == actor and reason in ("", known.reason)):
        return nullcontext()  # one provenance for the whole request, so that its changes can be told to belong together
    return acting(actor, reason=reason, trace_id=known.trace_id if known else trace_id())


def repeated_when_overtaken(attempts: int = 3) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Run a command again when somebody else was faster. It must read again what it decides on.

    The last attempt's Overtaken goes to the caller.
    """

    def decorate(command: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(command)
        def repeated(*args: P.args, **kwargs: P.kwargs) -> R:
            for attempt in range(attempts - 1):
                try:
                    return command(*args, **kwargs)
                except Overtaken:
                    time.sleep(random.uniform(0, _PAUSE_S * 2**attempt))  # noqa: S311 (spreads out rivals, no secret)
            return command(*args, **kwargs)

        return repeated

    return decorate
