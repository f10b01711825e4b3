"""The outbox of development: what would have been sent, so that a person at a laptop can follow its links.

Whoever reads it can take over accounts. So it exists only in development, and only while mail goes nowhere else.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from csp.constants import NONE, SELF
from csp.decorators import csp_replace, csp_update
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.clickjacking import xframe_options_sameorigin

from apps.core.api.pages import PUBLIC, page, page_of_rows
from apps.core.crypto.sealing import Unreadable
from apps.core.mail import delivery, queries, transport

# A message is shown in a frame of its own that can do nothing: no script, no form, no cookie; links open outside.
_HARMLESS = {
    "default-src": [NONE],
    "script-src": [NONE],
    "style-src": [NONE],
    "img-src": [NONE],
    "connect-src": [NONE],
    "font-src": [NONE],
    "form-action": [NONE],
    "frame-ancestors": [SELF],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}


@page(PUBLIC)
def messages(request: HttpRequest) -> HttpResponse:
    """GET /mail/: the messages, newest first."""
    _only_in_development()
    rows, cursors, _ = page_of_rows(request, queries.messages())
    return render(request, "outbox/list.html", {"outgoing": rows, "page": cursors})


@csp_update({"frame-src": [SELF]})
@page(PUBLIC)
def message(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """GET /mail/<id>/: one message, as text and as HTML."""
    _only_in_development()
    found = queries.message(message_id)
    return render(request, "outbox/detail.html", {"message": found, "body": _body(found)})


@xframe_options_sameorigin
@csp_replace(_HARMLESS)
@page(PUBLIC)
def message_html(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """GET /mail/<id>/html: what a mail program would show, for the frame in the page above."""
    _only_in_development()
    body = _body(queries.message(message_id))
    if body is None:
        raise Http404
    return HttpResponse(body.html)


def _body(found: Any) -> delivery.Body | None:
    try:
        return delivery.body_of(found)
    except Unreadable:
        return None


def _only_in_development() -> None:
    if settings.ENVIRONMENT != "development" or not transport.is_outbox():
        raise Http404


urlpatterns = [
    path("", messages),
    path("<uuid:message_id>/", message),
    path("<uuid:message_id>/html", message_html),
]
