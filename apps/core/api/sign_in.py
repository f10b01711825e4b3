"""Sends a person who is not signed in to the sign-in page, and back afterwards."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit

from django.http import HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme

from apps.core.api.problems import problem_of, problem_response
from apps.core.auth import StepUp
from apps.core.errors import Unauthenticated

SIGN_IN_PATH = "/auth/login"


def sign_in_response(request: Any) -> HttpResponse:
    """A redirect to the sign-in page; for htmx, which would put that page into a part of this one, a 401 with
    `HX-Redirect`; for other scripts a 401 as the API answers it.
    """
    return _sent_to(request, {"next": _way_back(request)})


def step_up_response(request: Any, need: StepUp) -> HttpResponse:
    """As `sign_in_response`, for somebody whose sign-in is too old or too weak. A form that was posted is not carried
    along: the person comes back to it and is told to send it again.
    """
    asked: dict[str, Any] = {"acr_values": need.acr}
    if need.max_age_s is not None:
        asked["max_age"] = need.max_age_s
    if request.method not in ("GET", "HEAD"):
        asked["again"] = 1
    return _sent_to(request, {**asked, "next": _way_back(request)})


def _sent_to(request: Any, parameters: dict[str, Any]) -> HttpResponse:
    address = f"{SIGN_IN_PATH}?{urlencode(parameters)}"
    if _by_htmx(request):
        return HttpResponse(status=401, headers={"HX-Redirect": address, "Cache-Control": "no-store"})
    if request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate":  # a script would follow it to a page of HTML
        return problem_response(request, problem_of(Unauthenticated()))
    response = HttpResponseRedirect(address)
    response["Cache-Control"] = "no-store"
    return response


def _by_htmx(request: Any) -> bool:
    return bool(request.headers.get("HX-Request") == "true")


def _way_back(request: Any) -> str:
    """Where the person was: the page, not the form's target or a part of the page. Always a path on this host."""
    if request.method in ("GET", "HEAD") and not _by_htmx(request):
        return str(request.get_full_path())
    came_from = request.headers.get("HX-Current-URL") or request.headers.get("Referer") or ""
    if not url_has_allowed_host_and_scheme(came_from, {request.get_host()}, require_https=request.is_secure()):
        return "/"
    parts = urlsplit(came_from)
    return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
