"""A unit of work on behalf of somebody, whoever the surrounding code may be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from django.db import models

from apps.core.events import UnitOfWork, unit_of_work
from apps.core.history import Actor, acting, current_provenance


@contextmanager
def work_of(actor: Actor, model: type[models.Model], *, reason: str = "") -> Iterator[UnitOfWork]:
    """As `unit_of_work`; rows, history and events inside name `actor`, and the history also `reason`."""
    provenance = current_provenance()
    known = provenance is not None and provenance.actor == actor and reason in ("", provenance.reason)
    trace_id = provenance.trace_id if provenance else ""
    who = nullcontext() if known else acting(actor, reason=reason, trace_id=trace_id)
    with who, unit_of_work(model) as work:
        yield work
