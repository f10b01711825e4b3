"""The console's webhooks: the list, one webhook with what was sent to it, one delivery with every attempt."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.core.api.pages import SENSITIVE, form_errors_from, page, page_of_rows
from apps.core.errors import DomainError, Invalid
from apps.core.webhooks import commands, queries
from apps.core.webhooks.bodies import shown_body
from apps.core.webhooks.event_types import EVERYTHING, event_types, patterns_of
from apps.core.webhooks.filters import DeliveryFilter, WebhookFilter
from apps.core.webhooks.forms import ReplayForm, RotationForm, WebhookForm, event_choices, event_names
from apps.core.webhooks.models import WebhookDelivery, WebhookEndpoint
from apps.core.webhooks.permissions import WebhookPermission

_LIST = "/webhooks/"
_VIEW, _MANAGE = WebhookPermission.VIEW, WebhookPermission.MANAGE
_SAID = {
    "enabled": "It is enabled: what waited is being sent.",
    "paused": "It is paused: deliveries wait.",
    "disabled": "It is disabled: nothing is sent to it any more.",
}


@page(_VIEW)
def webhook_list(request: Any) -> HttpResponse:
    """GET /webhooks/: where events are posted to."""
    rows, cursors, errors = page_of_rows(request, queries.endpoints(), filterset=WebhookFilter)
    return render(request, "webhooks/list.html", {"endpoints": rows, "page": cursors, "filter_errors": errors})


@page(get=_MANAGE, post=_MANAGE, step_up=SENSITIVE)
def webhook_new(request: Any) -> HttpResponse:
    """GET, POST /webhooks/new: a new webhook; its secret is shown once."""
    if request.method != "POST":
        return _form(request, WebhookForm())
    form = WebhookForm(request.POST)
    if form.is_valid():
        try:
            return _secret(request, commands.create_endpoint(**form.wish(), **_facts(request)))
        except DomainError as error:
            form_errors_from(error, form)
    return _form(request, form, status=422)


@page(get=_MANAGE, post=_MANAGE, step_up=SENSITIVE)
def webhook_edit(request: Any, webhook_id: UUID) -> HttpResponse:
    """GET, POST /webhooks/<id>/edit: another address, other events."""
    endpoint = queries.endpoint(webhook_id)
    if request.method != "POST":
        return _form(request, WebhookForm.of(endpoint), endpoint)
    form, status = WebhookForm(request.POST), 422
    if form.is_valid():
        version = form.cleaned_data["version"]
        try:
            commands.update_endpoint(endpoint_id=webhook_id, expected_version=version, **form.wish(), **_facts(request))
        except DomainError as error:
            form_errors_from(error, form)
            status = 422 if isinstance(error, Invalid) else 409
        else:
            messages.success(request, "Saved.")
            return redirect(_path(webhook_id))
    return _form(request, form, endpoint, status=status)


@page(_VIEW)
def webhook_detail(request: Any, webhook_id: UUID) -> HttpResponse:
    """GET /webhooks/<id>/: one webhook with what was sent to it."""
    endpoint = queries.endpoint(webhook_id)
    rows, cursors, errors = page_of_rows(request, queries.deliveries(webhook_id), filterset=DeliveryFilter)
    replays = list(queries.replays(webhook_id)[:5])
    context = {
        "endpoint": endpoint,
        "deliveries": rows,
        "page": cursors,
        "filter_errors": errors,
        "live": any(row.state == WebhookDelivery.State.PENDING for row in rows) or any(r.is_open for r in replays),
        "replays": replays,
        "event_names": [name for name in event_types() if set(patterns_of(name)) & set(endpoint.event_types)],
        "test_names": event_names(),
        "test_default": _first_wanted(endpoint),
        "replay_form": ReplayForm(),
        "rotation_form": RotationForm(),
        "states": WebhookDelivery.State.values,
        "changes": queries.changes_of_endpoint(webhook_id, limit=20) if request.principal.may("audit.view") else None,
    }
    return render(request, "webhooks/detail.html", context)


@page(post=_MANAGE)
def webhook_state(request: Any, webhook_id: UUID) -> HttpResponse:
    """POST /webhooks/<id>/state: enable, pause or disable it."""
    state = request.POST.get("state", "")
    if state not in WebhookEndpoint.State.values:
        messages.error(request, f"There is no state {state[:20]!r}.")
        return redirect(_path(webhook_id))
    return _done(
        request,
        lambda: commands.update_endpoint(endpoint_id=webhook_id, state=state, **_facts(request)),
        _SAID[state],
        _path(webhook_id),
    )


@page(post=_MANAGE)
def webhook_deletion(request: Any, webhook_id: UUID) -> HttpResponse:
    """POST /webhooks/<id>/deletion"""
    try:
        endpoint = commands.delete_endpoint(endpoint_id=webhook_id, **_facts(request))
    except DomainError as error:
        messages.error(request, str(error))
        return redirect(_path(webhook_id))
    messages.success(
        request, f"Deleted the webhook to {endpoint.host}.", extra_tags=f"undo:{_path(webhook_id)}restoration"
    )
    return redirect(_LIST)


@page(post=_MANAGE)
def webhook_restoration(request: Any, webhook_id: UUID) -> HttpResponse:
    """POST /webhooks/<id>/restoration"""
    return _done(
        request,
        lambda: commands.restore_endpoint(endpoint_id=webhook_id, **_facts(request)),
        "It is back, with its secret.",
        _path(webhook_id),
    )


@page(post=_MANAGE, step_up=SENSITIVE)
def webhook_secret_rotation(request: Any, webhook_id: UUID) -> HttpResponse:
    """POST /webhooks/<id>/secret-rotation: another secret, shown once."""
    form = RotationForm(request.POST)
    overlap_s = form.cleaned_data["overlap_s"] if form.is_valid() else None
    try:
        issued = commands.rotate_secret(endpoint_id=webhook_id, overlap_s=overlap_s, **_facts(request))
    except DomainError as error:
        messages.error(request, str(error))
        return redirect(_path(webhook_id))
    return _secret(request, issued)


@page(post=_MANAGE)
def webhook_test(request: Any, webhook_id: UUID) -> HttpResponse:
    """POST /webhooks/<id>/test: have a sample posted; its page says how that went."""
    try:
        delivery = commands.send_test(
            endpoint_id=webhook_id, event_type=request.POST.get("event_type", ""), **_facts(request)
        )
    except DomainError as error:
        messages.error(request, str(error))
        return redirect(_path(webhook_id))
    return redirect(_delivery_path(delivery))


@page(post=_MANAGE)
def webhook_replays(request: Any, webhook_id: UUID) -> HttpResponse:
    """POST /webhooks/<id>/replays: send once more what failed since an instant, or everything."""
    form = ReplayForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say since when.")
        return redirect(_path(webhook_id))
    return _done(
        request,
        lambda: commands.request_replay(endpoint_id=webhook_id, **form.cleaned_data, **_facts(request)),
        "They are being queued.",
        _path(webhook_id),
    )


@page(_VIEW)
def delivery_detail(request: Any, webhook_id: UUID, delivery_id: UUID) -> HttpResponse:
    """GET /webhooks/<id>/deliveries/<id>/: what was posted, and what was answered to each attempt."""
    delivery = queries.delivery(delivery_id, endpoint_id=webhook_id)
    context = {
        "delivery": delivery,
        "endpoint": delivery.endpoint,
        "live": delivery.state == WebhookDelivery.State.PENDING,
        "attempts": list(reversed(queries.attempts_of(delivery_id))),
        "body": _pretty(shown_body(delivery.message)),
    }
    return render(request, "webhooks/delivery.html", context)


@page(post=_MANAGE)
def delivery_replay(request: Any, webhook_id: UUID, delivery_id: UUID) -> HttpResponse:
    """POST /webhooks/<id>/deliveries/<id>/replay: send it once more."""
    delivery = queries.delivery(delivery_id, endpoint_id=webhook_id)
    return _done(
        request,
        lambda: commands.replay_delivery(delivery_id=delivery_id, **_facts(request)),
        "It is on its way again.",
        _delivery_path(delivery),
    )


def _done(request: Any, command: Any, words: str, onward: str) -> HttpResponse:
    try:
        command()
        messages.success(request, words)
    except DomainError as error:
        messages.error(request, str(error))
    return redirect(onward)


def _form(
    request: HttpRequest, form: WebhookForm, endpoint: WebhookEndpoint | None = None, *, status: int = 200
) -> HttpResponse:
    chosen = set(form["event_types"].value() or ())
    groups = [
        {"name": name, "options": options, "is_open": any(value in chosen for value, _ in options) or not number}
        for number, (name, options) in enumerate(event_choices())
    ]
    context = {"form": form, "endpoint": endpoint, "groups": groups, "chosen": chosen}
    return render(request, "webhooks/form.html", context, status=status)


def _secret(request: HttpRequest, issued: commands.Issued) -> HttpResponse:
    return render(request, "webhooks/secret.html", {"endpoint": issued.endpoint, "secret": issued.secret})


def _pretty(body: str | None) -> str:
    return msgspec.json.format(body, indent=2) if body else ""


def _first_wanted(endpoint: WebhookEndpoint) -> str:
    wanted = set(endpoint.event_types) or {EVERYTHING}
    return next((name for name in event_types() if wanted & set(patterns_of(name))), "")


def _facts(request: Any) -> dict[str, Any]:
    return {"actor": request.actor, "now": timezone.now()}


def _path(webhook_id: UUID) -> str:
    return f"{_LIST}{webhook_id}/"


def _delivery_path(delivery: WebhookDelivery) -> str:
    return f"{_path(delivery.endpoint_id)}deliveries/{delivery.id}/"
