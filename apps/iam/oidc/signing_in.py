"""How every way to sign in ends, whatever was proved: in one place, so that each is told of once and alike.

return signing_in.complete(request, user, amr=("pwd", "otp"), onward=…)
signing_in.failed(request, email=email, reason="password")
signing_in.refused(user, reason="not staff")
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.core import mail
from apps.core.db.after_commit import try_after_commit
from apps.core.history import Actor, current_origin
from apps.iam.audit import commands as audit
from apps.iam.audit.kinds import Kind, Outcome
from apps.iam.oidc import devices, people, sessions, tasks, throttle
from apps.iam.service import DATABASE
from apps.iam.sessions.devices import device_name
from apps.iam.users import queries as users

_Onward = Callable[[HttpRequest], HttpResponse]


def complete(
    request: HttpRequest, user: Any, *, amr: Iterable[str], onward: _Onward, within: UUID | None = None, **told: str
) -> HttpResponse:
    """Sign somebody in who has proved who they are by `amr` (RFC 8176), and answer with what `onward` says then.

    `within` is the only tenant in which that counts, if it does not in all; `told` are more details for the record.

    Recorded as one sign-in; as one step-up of somebody who was signed in here already. From a browser that this account
    has never been signed in to, the person is told by mail.
    """
    used, was_here = tuple(amr), bool(request.user.is_authenticated and request.user.pk == user.pk)
    is_new_device, has_signed_in_before = not devices.known(request, user.email), user.last_login is not None
    throttle.forget_failures(request, user.email)
    request.signed_in_within = within  # type: ignore[attr-defined]  # for users.sign_ins, which Django's signal tells
    login(request, user)
    sessions.begin(request, amr=used, within=within)
    _record(Kind.STEPPED_UP if was_here else Kind.SIGNED_IN, request, user, **told)
    if is_new_device and has_signed_in_before:
        _tell_of_new_device(user)
    response = onward(request)
    devices.remember(request, response, user.email)
    return response


def record_step_up(request: HttpRequest, user: Any) -> None:
    """Somebody who is signed in has given one more factor."""
    _record(Kind.STEPPED_UP, request, user)


def failed(
    request: HttpRequest, *, email: str, reason: str, attempt: throttle.Attempt | None = None, record: bool = True
) -> None:
    """Count and record an attempt that proved nothing. `reason` says what was wrong: a word, such as `password`.

    `attempt` where it was begun, and so counted, before it was looked at. Not `record` where the failure is told of
    already; that a lock begins with it is told in any case.
    """
    user = users.user_by_email(email)
    lock = throttle.fail(attempt) if attempt else throttle.count_failure(request, email)
    # The same work for nobody as for somebody: how long it takes must not tell them apart (CWE-208).
    subject_id = user.id if user else throttle.subject_of(email)
    tenant_id = people.home_of(subject_id)
    if record:
        audit.record_security_event(
            Kind.SIGN_IN_FAILED, subject_id=subject_id, outcome=Outcome.FAILURE, tenant_id=tenant_id, reason=reason
        )
    if lock is not None:
        _tell_of_lock(lock, email=email, subject_id=subject_id, tenant_id=tenant_id)


def refused(user: Any, *, reason: str) -> None:
    """Record that somebody has proved who they are and may not go where they want. No guess, so nothing is counted."""
    audit.record_security_event(
        Kind.SIGN_IN_FAILED,
        subject_id=user.pk,
        outcome=Outcome.DENIED,
        actor=Actor(kind="user", id=user.pk, name=user.name),
        tenant_id=people.home_of(user.pk),
        reason=reason,
    )


def _tell_of_lock(lock: throttle.Lock, *, email: str, subject_id: UUID, tenant_id: UUID | None) -> None:
    audit.record_security_event(
        Kind.LOCKED_OUT,
        subject_id=subject_id,
        outcome=Outcome.DENIED,
        tenant_id=tenant_id,
        details={"until": lock.until.isoformat(), "from": "everywhere" if lock.everywhere else "one place"},
    )
    if throttle.first_of_the_day(email):
        facts = {"email": email, "address": current_origin().address}
        try_after_commit(tasks.tell_of_lock.apply_async, kwargs=facts, retry=False, using=DATABASE)


def _record(kind: Kind, request: HttpRequest, user: Any, **told: str) -> None:
    audit.record_security_event(
        kind,
        subject_id=user.pk,
        actor=Actor(kind="user", id=user.pk, name=user.name),
        tenant_id=sessions.tenant_of(request) or people.home_of(user.pk),
        session_id=str(sessions.sid_of(request)),
        details={"amr": " ".join(sessions.amr_of(request)), **told},
    )


def _tell_of_new_device(user: Any) -> None:
    if not user.sign_in_alerts:
        return
    origin, now = current_origin(), timezone.now()
    mail.notify(
        template="new_device",
        to=user.email,
        context={"name": user.name, "at": now, "address": origin.address, "device": device_name(origin.user_agent)},
        person_id=user.pk,
        now=now,
    )
