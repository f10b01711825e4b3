"""Ask for work. The row is written with whatever else the command changes; the word goes out after the commit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from celery import current_app
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.core.db.router import alias_of_app
from apps.core.history import Actor
from apps.core.jobs.definition import Definition, definition_named
from apps.core.jobs.errors import JobKeyReused
from apps.core.jobs.models import Job
from apps.core.jobs.work import changing, heard_by
from apps.core.observability import get_logger, traceparent
from apps.core.tenancy import require_tenant_id

TASK = "jobs.run"
_GRACE_S = 60  # from the gentle end of a run's time to the hard one

logger = get_logger(__name__)


def enqueue(
    work: Definition,
    parameters: Mapping[str, Any] | None = None,
    *,
    actor: Actor,
    now: datetime,
    about: str = "",
    using: str = "",
    idempotency_key: str = "",
    run_at: datetime | None = None,
) -> Job:
    """Have work done for the current tenant, in the name of `actor`, at once or from `run_at` on.

    The job becomes part of the transaction around, in its feature's database (or `using`): nothing is begun before that
    commits, nor if it does not. Asked for again with the same `idempotency_key` it is the job of the first time.

    Raises JobKeyReused when that one has other parameters; TypeError for parameters that the function does not take,
    or that JSON cannot say.
    """
    given = _as_json(work, parameters or {})
    alias = using or alias_of_app(work.feature)
    with changing(alias, actor):
        known = _known(work, idempotency_key, alias)
        if known is None:
            made = _made(work, given, actor=actor, now=now, run_at=run_at or now, about=about, key=idempotency_key)
            known = _inserted(made, alias)
    if known.parameters != given:
        raise JobKeyReused
    return known


def hand_over(job: Job) -> None:
    """Tell the workers of a job that is to be begun. Where the broker is away, the next sweep tells them."""
    limits = _limits_of(job)
    facts = {"tenant_id": str(job.tenant_id), "job_id": str(job.id), "using": job._state.db}
    try:
        current_app.send_task(TASK, kwargs=facts, queue=job.queue, **limits)
    except Exception:
        logger.warning("jobs.broker_away", exc_info=True, **facts)
        Job.objects.using(job._state.db).filter(id=job.id, state=Job.State.QUEUED).update(due_at=timezone.now())


def _limits_of(job: Job) -> dict[str, int]:
    known = definition_named(job.name)
    return {"soft_time_limit": known.time_limit_s, "time_limit": known.time_limit_s + _GRACE_S} if known else {}


def _as_json(work: Definition, parameters: Mapping[str, Any]) -> dict[str, Any]:
    work.check(parameters)
    given: dict[str, Any] = json.loads(json.dumps(dict(parameters), allow_nan=False))
    return given


def _known(work: Definition, key: str, alias: str) -> Job | None:
    if not key:
        return None
    rows = Job.objects.using(alias).filter(tenant_id=require_tenant_id(), name=work.name, idempotency_key=key)
    found: Job | None = rows.first()
    return found


def _made(
    work: Definition,
    given: dict[str, Any],
    *,
    actor: Actor,
    now: datetime,
    run_at: datetime,
    about: str,
    key: str,
) -> Job:
    made = Job(
        name=work.name,
        about=about[:200],
        queue=work.queue,
        parameters=given,
        idempotency_key=key,
        requested_by=actor.id,
        requested_by_name=actor.name[:200],
        actor=msgspec.to_builtins(actor),
        traceparent=traceparent(),
        created_at=now,
        run_at=run_at,
        due_at=run_at,
        attempts_allowed=work.attempts,
    )
    if run_at > now:
        made.state = Job.State.SCHEDULED
    else:
        made.call_up(at=now, heard_by=heard_by(now))
    return made


def _inserted(made: Job, alias: str) -> Job:
    try:
        with transaction.atomic(using=alias):
            made.save(using=alias)
    except IntegrityError:  # somebody else asked with the same key in this very moment
        rows = Job.objects.using(alias).filter(tenant_id=made.tenant_id, name=made.name)
        rival: Job | None = rows.filter(idempotency_key=made.idempotency_key).first()
        if rival is None:
            raise
        return rival
    if made.state == Job.State.QUEUED:
        transaction.on_commit(lambda: hand_over(made), using=alias)
    return made
