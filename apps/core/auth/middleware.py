"""From the credential to the principal, and from the principal to the tenant that everything below runs in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string

from apps.core.auth import api_keys, denials, recent
from apps.core.auth.permissions import Permission
from apps.core.auth.principal import Principal
from apps.core.auth.tokens import verified_claims
from apps.core.errors import Unauthenticated
from apps.core.history import SYSTEM, Origin, acting, coming_from
from apps.core.history.origin import USER_AGENT_LENGTH
from apps.core.observability import trace_id
from apps.core.tenancy import no_tenant, tenant

# The provider's and the platform staff's side of the house: bearer tokens and tenants of ours mean nothing there.
_OUTSIDE = ("/oidc/", "/.well-known/", "/admin/", "/static/", "/livez", "/readyz", "/startupz", "/metrics")
KEY_HEADER = "HTTP_X_API_KEY"


class TwoCredentials(Unauthenticated):
    """Send one credential: a bearer token or an API key, not both (RFC 6750 §2)."""

    code = "two_credentials"


class PrincipalMiddleware:
    """Sets `request.principal` (None when anonymous), `request.actor`, and the tenant for the rest of the request.

    The credential is a bearer token, or an API key in its place or in `X-API-Key`. A bad one leaves the caller
    anonymous and is remembered in `request.auth_error`, so that a public page still answers and an API view can say
    what was wrong with it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        request.auth_error = None
        request.principal = None if request.path.startswith(_OUTSIDE) else self._principal(request)
        request.actor = request.principal.actor if request.principal else SYSTEM
        scope = tenant(request.principal.tenant_id) if request.principal else no_tenant()
        origin = coming_from(origin_of(request, request.principal))
        with scope, acting(request.actor, trace_id=trace_id()), origin, recent.collecting():
            response = self.get_response(request)
            denials.record(request)
        return response

    @staticmethod
    def _principal(request: Any) -> Principal | None:
        try:
            return principal_of(request)
        except Unauthenticated as error:
            request.auth_error = error
            return None


def principal_of(request: Any) -> Principal | None:
    """Who sent the request, as of now; None for nobody. Raises Unauthenticated."""
    token, key = _credentials(request)
    if key:
        return authenticate_key(key, origin=origin_of(request))
    return authenticate(token, via_cookie=getattr(request, "via_cookie", False)) if token else None


def may_still(request: Any, permission: Permission) -> bool:
    """Whether who sent a request that goes on is signed in yet, and may do this yet. One pass of authentication."""
    try:
        principal = principal_of(request)
    except Unauthenticated:
        return False
    if principal is None or principal.tenant_id != request.principal.tenant_id:
        return False
    with tenant(principal.tenant_id), coming_from(origin_of(request, principal)):
        return principal.may(permission)


def _credentials(request: Any) -> tuple[str, str]:
    """The access token and the API key, of which one at least is empty. Raises TwoCredentials."""
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    token = token.strip() if scheme.lower() == "bearer" else ""
    key = str(request.META.get(KEY_HEADER, "")).strip()
    if token and key:
        raise TwoCredentials
    return ("", token) if api_keys.looks_like_one(token) else (token, key)


def origin_of(request: Any, principal: Principal | None = None) -> Origin:
    """Where a request comes from, and the session of its principal."""
    return Origin(
        address=str(request.META.get("REMOTE_ADDR", "")),
        user_agent=str(request.META.get("HTTP_USER_AGENT", ""))[:USER_AGENT_LENGTH],
        session_id=principal.session_id if principal else "",
    )


def authenticate_key(key: str, *, origin: Origin) -> Principal:
    """The principal that an API key stands for, used from there. Raises Unauthenticated."""
    resolve = import_string(settings.API_KEY_RESOLVER)
    principal: Principal = resolve(key=key, address=origin.address, user_agent=origin.user_agent)
    return principal


def authenticate(token: str, *, via_cookie: bool = False) -> Principal:
    """The principal that an access token stands for. Raises Unauthenticated."""
    claims = verified_claims(token)
    principal: Principal = import_string(settings.PRINCIPAL_RESOLVER)(claims=claims, via_cookie=via_cookie)
    return principal
