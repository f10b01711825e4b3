"""The console's dead letters: what a service could not handle, one with all that is known, and its repair."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import urlencode

from apps.core.api.filtering import filtered
from apps.core.api.pages import form_errors_from, page, page_of_rows
from apps.core.api.service_paths import database_of, services_with_a_database
from apps.core.errors import DomainError
from apps.core.events import bulk_repairs, corrections, dead_letters, failures, repairs
from apps.core.events.models import DeadLetter
from apps.core.history import Actor
from apps.core.history.changes import ChangeFilter
from apps.core.operations.filters import STATES, DeadLetterFilter, may_repair
from apps.core.operations.forms import CorrectionForm, ReasonForm, RepairsForm, pretty
from apps.core.operations.permissions import EventPermission

_WAITING_SHOWN, _HISTORY_SHOWN = 20, 20


@page(EventPermission.VIEW)
def dead_letter_list(request: Any, service: str) -> HttpResponse:
    """GET /services/<service>/dead-letters/: what could not be handled, the newest first."""
    alias = database_of(service)
    rows, cursors, errors = page_of_rows(request, dead_letters.letters(alias), filterset=DeadLetterFilter)
    groups, types = dead_letters.names_in_use(alias)
    context = {
        **_frame(service),
        "letters": rows,
        "page": cursors,
        "filter_errors": errors,
        "groups": groups,
        "event_types": types,
        "states": STATES,
        "open_count": dead_letters.open_letters(alias).count(),
        "filter_query": urlencode([(n, v) for n, vs in request.GET.lists() if n != "cursor" for v in vs]),
    }
    return render(request, "dead_letters/list.html", context)


@page(EventPermission.VIEW)
def dead_letters_open(request: Any, service: str) -> HttpResponse:
    """GET /services/<service>/dead-letters/open: the badge of the navigation, for all services of this process."""
    count = sum(dead_letters.open_letters(database_of(one)).count() for one in services_with_a_database())
    return render(request, "dead_letters/_badge.html", {"count": count})


@page(EventPermission.VIEW)
def dead_letter_detail(request: Any, service: str, dead_letter_id: UUID) -> HttpResponse:
    """GET /services/<service>/dead-letters/<id>/: one, with what waits behind it and what was done about it."""
    return _detail(request, service, dead_letters.letter(dead_letter_id, using=database_of(service)))


@page(post=EventPermission.REPAIR)
def dead_letter_retrial(request: Any, service: str, dead_letter_id: UUID) -> HttpResponse:
    """POST /services/<service>/dead-letters/<id>/retrial."""
    return _told(request, service, dead_letter_id, lambda alias: _retried(request, alias, dead_letter_id))


@page(post=EventPermission.REPAIR)
def dead_letter_correction(request: Any, service: str, dead_letter_id: UUID) -> HttpResponse:
    """POST /services/<service>/dead-letters/<id>/correction; with `retry` its key is retried at once."""
    alias, form = database_of(service), CorrectionForm(request.POST)
    found = dead_letters.letter(dead_letter_id, using=alias)
    if not form.is_valid():
        return _detail(request, service, found, form, status=422)
    try:
        repairs.correct(found.id, **form.cleaned_data, using=alias, actor=request.actor, now=timezone.now())
    except DomainError as error:
        form_errors_from(error, form)
        return _detail(request, service, found, form, status=422)
    if "retry" in request.POST:
        because = form.cleaned_data["because"]
        return _told(request, service, found.id, lambda alias: _retried(request, alias, found.id, because))
    messages.success(request, "Corrected. A retry handles it so.")
    return redirect(_path(service, found.id))


@page(post=EventPermission.REPAIR)
def dead_letter_discarding(request: Any, service: str, dead_letter_id: UUID) -> HttpResponse:
    """POST /services/<service>/dead-letters/<id>/discarding."""

    def discard(alias: str) -> None:
        form = ReasonForm(request.POST)
        if not form.is_valid():
            messages.error(request, "Give a reason for discarding.")
            return
        found = repairs.discard(
            dead_letter_id, using=alias, actor=request.actor, now=timezone.now(), **form.cleaned_data
        )
        undo = f"undo:{_path(service, found.id)}restoration" if repairs.can_be_undone(found) else ""
        messages.success(request, "Discarded. Retry what waits behind it to let it go on.", extra_tags=undo)

    return _told(request, service, dead_letter_id, discard)


@page(post=EventPermission.REPAIR)
def dead_letter_restoration(request: Any, service: str, dead_letter_id: UUID) -> HttpResponse:
    """POST /services/<service>/dead-letters/<id>/restoration: take a discarding back."""

    def restore(alias: str) -> None:
        repairs.undo_discard(dead_letter_id, using=alias, actor=request.actor)
        messages.success(request, "It is parked again.")

    return _told(request, service, dead_letter_id, restore)


@page(post=EventPermission.REPAIR)
def dead_letter_repairs(request: Any, service: str) -> HttpResponse:
    """POST /services/<service>/dead-letters/repairs: a step of retrying or discarding many; the page asks for the next.

    They are the selected ones, or all that the filter in the query string lets through.
    """
    form = RepairsForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(str(text) for texts in form.errors.values() for text in texts))
        return redirect(_path(service))
    try:
        step = _step(_chosen(request, service, form), form, request.actor)
    except DomainError as error:
        messages.error(request, str(error))
        return redirect(_path(service))
    totals = {name: (form.cleaned_data[name] or 0) + getattr(step, name) for name in ("taken", "settled", "stuck")}
    if step.after:
        context = {**_frame(service), **totals, "wish": form.cleaned_data, "after": step.after}
        context |= {"total": totals["taken"] + step.left, "query": request.GET.urlencode()}
        return render(request, "dead_letters/repairs.html", context)
    _say_what_came_of(request, form.cleaned_data["action"], **totals)
    return redirect(_path(service))


def _detail(
    request: Any, service: str, found: DeadLetter, form: CorrectionForm | None = None, status: int = 200
) -> HttpResponse:
    alias = database_of(service)
    waiting, repairable = dead_letters.waiting_behind(found), may_repair(request)
    if form is None and repairable and found.is_open:
        form = CorrectionForm(initial={"payload": corrections.readable_now(found)})
    context = {
        **_frame(service),
        "letter": found,
        "form": form,
        **(_what_it_says(found) if repairable else {}),
        "repairable": repairable,
        "waiting": waiting[:_WAITING_SHOWN],
        "waiting_count": waiting.count(),
        "can_be_undone": repairs.can_be_undone(found),
        "changes": dead_letters.changes(ChangeFilter(entity_ids=(found.id,)), limit=_HISTORY_SHOWN, using=alias),
    }
    return render(request, "dead_letters/detail.html", context, status=status)


def _what_it_says(found: DeadLetter) -> dict[str, Any]:
    corrected = [{**one, "text": pretty(one["payload"])} for one in corrections.readable_corrections(found)]
    return {
        "payload": pretty(corrections.readable(found)),
        "corrections": corrected,
        "words": failures.words_of(found),
        "traceback": failures.traceback_of(found),
    }


def _told(request: Any, service: str, dead_letter_id: UUID, deed: Callable[[str], None]) -> HttpResponse:
    """Do it, say what came of it, and show the dead letter."""
    try:
        deed(database_of(service))
    except DomainError as error:
        messages.error(request, str(error))
    return redirect(_path(service, dead_letter_id))


def _retried(request: Any, alias: str, dead_letter_id: UUID, because: str = "") -> None:
    retried = repairs.retry_letter(dead_letter_id, using=alias, actor=request.actor, because=because)
    if retried.stuck is None:
        messages.success(request, f"{retried.resolved} handled. The key flows again.")
    else:
        place = f"#{retried.stuck.sequence} failed again: {retried.stuck.reason.splitlines()[0]}"
        messages.error(request, f"{retried.resolved} handled, then {place}")


def _chosen(request: Any, service: str, form: RepairsForm) -> QuerySet[DeadLetter]:
    rows = dead_letters.letters(database_of(service))
    if form.cleaned_data["scope"] == "selected":
        return rows.filter(id__in=form.cleaned_data["ids"])
    return filtered(rows, DeadLetterFilter, request.GET, request=request)


def _step(rows: QuerySet[DeadLetter], form: RepairsForm, actor: Actor) -> bulk_repairs.Step:
    wish = form.cleaned_data
    facts: dict[str, Any] = {"actor": actor, "because": wish["because"], "after": wish["after"]}
    if wish["action"] == "retry":
        return bulk_repairs.retry_step(rows, **facts)
    return bulk_repairs.discard_step(rows, now=timezone.now(), **facts)


def _say_what_came_of(request: Any, action: str, *, taken: int, settled: int, stuck: int) -> None:
    if action == "discard":
        messages.success(request, f"{settled} discarded. Retry what waits behind them to let it go on.")
    elif stuck:
        messages.error(request, f"{settled} handled; {stuck} of {taken} keys failed again.")
    else:
        messages.success(request, f"{settled} handled. {taken} keys flow again.")


def _frame(service: str) -> dict[str, Any]:
    return {"service": service, "services": services_with_a_database(), "here": _path(service)}


def _path(service: str, dead_letter_id: UUID | None = None) -> str:
    folder = f"/services/{service}/dead-letters/"
    return f"{folder}{dead_letter_id}/" if dead_letter_id else folder
