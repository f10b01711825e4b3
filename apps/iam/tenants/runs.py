"""Long operations on a tenant as sequences of steps, each done once however often the sequence is begun anew."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import DatabaseError

from apps.core.errors import DomainError
from apps.core.events import unit_of_work
from apps.core.observability import get_logger
from apps.core.tenancy import PLATFORM, tenant
from apps.iam.tenants.errors import RunNotFound
from apps.iam.tenants.models import LifecycleRun

_logger = get_logger("iam.tenants")


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `do` must be safe to repeat: after a crash between its effect and the note that it is done, it is.

    Where the effect lies in the same database as the note (`in_transaction`), both are one transaction, and it is not.
    """

    code: str
    label: str
    do: Callable[[LifecycleRun, datetime], None]
    in_transaction: bool = True


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a step: how long it took, or that it had been done before."""

    step: Step
    seconds: float
    before: bool


def begun(*, kind: str, company_id: UUID, facts: dict[str, object], now: datetime) -> LifecycleRun:
    """The run of this kind for a tenant, made if there is none. Joins the transaction around."""
    with tenant(PLATFORM), unit_of_work(LifecycleRun):
        found: LifecycleRun | None = LifecycleRun.objects.in_tenant().filter(company_id=company_id, kind=kind).first()
        if found is None:
            found = LifecycleRun(kind=kind, company_id=company_id, facts=facts, started_at=now)
            found.save()
    return found


def forget(*, kind: str, company_id: UUID) -> None:
    """Delete the run of this kind, with what it says of people. Joins the transaction around. Safe to repeat."""
    with tenant(PLATFORM), unit_of_work(LifecycleRun):
        LifecycleRun.objects.in_tenant().filter(company_id=company_id, kind=kind).delete()


def carried_on(run_id: UUID, steps: Sequence[Step], *, now: datetime, finishes: bool = True) -> Iterator[Done]:
    """Do what is left of a run, telling of each step as it is done; these are all there are when it `finishes`.

    Two at once do no harm: a step that notes itself with its effect waits for the other run, and finds it done. An
    error ends the run, is noted with the step's name, and goes to the caller; begin anew to carry on.
    """
    for step in steps:
        began = time.monotonic()
        try:
            before = _done(run_id, step, now)
        except Exception as error:
            _note_failure(run_id, step, error)
            raise
        yield Done(step, time.monotonic() - began, before)
    if not finishes:
        return
    with tenant(PLATFORM), unit_of_work(LifecycleRun):
        run = _locked(run_id)
        run.finish(at=now)
        run.save()


def _done(run_id: UUID, step: Step, now: datetime) -> bool:
    """True if it was done before."""
    if not step.in_transaction:
        with tenant(PLATFORM):
            run = LifecycleRun.objects.in_tenant().get(id=run_id)
        if step.code in run.steps_done:
            return True
        step.do(run, now)
    with unit_of_work(LifecycleRun):
        with tenant(PLATFORM):
            run = _locked(run_id)
        if step.code in run.steps_done:
            return step.in_transaction
        if step.in_transaction:
            step.do(run, now)
        run.step_done(step.code)
        with tenant(PLATFORM):
            run.save()
    return False


def _note_failure(run_id: UUID, step: Step, error: Exception) -> None:
    said = f"{error.code}: {error}" if isinstance(error, DomainError) else type(error).__name__
    _logger.error("a step on a tenant failed", run=str(run_id), step=step.code, exc_info=error)
    with suppress(DatabaseError), tenant(PLATFORM), unit_of_work(LifecycleRun):  # the database may be what failed
        run = _locked(run_id)
        run.step_failed(step.code, said)
        run.save()


def _locked(run_id: UUID) -> LifecycleRun:
    found: LifecycleRun | None = LifecycleRun.objects.in_tenant().select_for_update().filter(id=run_id).first()
    if found is None:
        raise RunNotFound
    return found
