"""Addresses that tell a test what arrives behind the middleware."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path

from apps.core.api.sign_in import sign_in_response


def whoami(request: Any) -> HttpResponse:
    """What a service sees of the caller."""
    principal = request.principal
    if principal is None:
        return JsonResponse({"subject": None}, status=401)
    seen = {"subject": str(principal.subject), "tenant": principal.tenant_slug, "via_cookie": principal.via_cookie}
    return JsonResponse({**seen, "token": request.META["HTTP_AUTHORIZATION"][-12:]})


def page(request: Any) -> HttpResponse:
    """A console page, in short."""
    return HttpResponse("hello") if request.principal else sign_in_response(request)


def flash(request: HttpRequest) -> HttpResponse:
    """Writes to the session."""
    messages.success(request, "Saved.")
    return HttpResponse()


urlpatterns = [
    path("", include("apps.iam.urls")),
    path("", include("apps.gateway.urls")),
    path("probe/whoami", whoami),
    path("probe/page", page),
    path("probe/flash", flash),
]
