"""What Django REST framework asks about the caller; the answer is the middleware's principal."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from rest_framework.authentication import BaseAuthentication, CSRFCheck

from apps.core.api.same_origin import REASON, SAFE, is_from_elsewhere
from apps.core.auth import Principal
from apps.core.errors import Forbidden


class CsrfFailed(Forbidden):
    """The request came with a cookie but without the CSRF token that proves it was meant."""

    code = "csrf_failed"


class PrincipalAuthentication(BaseAuthentication):
    """`request.user` is the principal. A browser's cookie needs a CSRF token with everything that writes."""

    def authenticate(self, request: Any) -> tuple[Principal, None] | None:
        inner = request._request
        if getattr(inner, "auth_error", None) is not None:
            if _is_open_to_guests(request):
                return None
            raise inner.auth_error
        principal: Principal | None = getattr(inner, "principal", None)
        if principal is None:
            return None
        if principal.via_cookie and inner.method not in SAFE:
            _check_csrf(inner)
        return principal, None

    def authenticate_header(self, request: Any) -> str:
        return "Bearer"


def _is_open_to_guests(request: Any) -> bool:
    view = (getattr(request, "parser_context", None) or {}).get("view")
    return bool(getattr(view, "open_to_guests", False))


def _check_csrf(request: Any) -> None:
    """That no other site sent it; and Django's check, which API views skip until they know that a cookie vouches."""
    if is_from_elsewhere(request):
        raise CsrfFailed(REASON)
    check = CSRFCheck(lambda _request: HttpResponse())
    check.process_request(request)
    reason = check.process_view(request, lambda: HttpResponse(), (), {})
    if reason:
        raise CsrfFailed(f"{reason} Send the csrf cookie's value in the header X-CSRFToken.")
