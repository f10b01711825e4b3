"""Refuses what another origin makes a browser send, beside the CSRF token and before it is looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from apps.core.api.error_pages import csrf_failure

SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")
REASON = "The request was made by a page of another site."
# The browser says it, and no page can (Fetch Metadata). `none` is somebody who typed or chose the address; one that
# says nothing is an old browser, whose Origin, or Referer over TLS, Django compares.
_OURS = ("same-origin", "none", "")


def is_from_elsewhere(request: HttpRequest) -> bool:
    """True for what writes and was sent by a page of another origin, a neighbour on the same domain included."""
    return request.method not in SAFE and request.headers.get("Sec-Fetch-Site", "") not in _OURS


class SameOriginMiddleware:
    """For views that CSRF protects; the API asks for itself once it knows that a cookie vouches for the caller."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if getattr(view, "csrf_exempt", False) or not is_from_elsewhere(request):
            return None
        return csrf_failure(request, reason=REASON)
