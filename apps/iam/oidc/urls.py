"""Addresses of the provider. django-oauth-toolkit finds its own views by the namespace `oauth2_provider`."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseBase, JsonResponse, QueryDict
from django.urls import include, path
from django.views.generic import View

from apps.core.db.replicas import primary_only
from apps.iam.oidc import authorization, device_endpoint, device_pages, discovery, pages, provider
from apps.iam.oidc.form_targets import on_the_way_to_a_client


def _guarded(view_class: type[View]) -> Callable[..., HttpResponseBase]:
    """Codes and tokens are used within milliseconds, often by another caller: a replica may not have them yet. And
    NUL, which PostgreSQL cannot store, is in nothing that we ever gave out.
    """
    view = view_class.as_view()

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if _has_nul(request.GET) or _has_nul(request.POST):
            return JsonResponse({"error": "invalid_request"}, status=400)
        with primary_only():
            return view(request, *args, **kwargs)

    return guarded


def _has_nul(parameters: QueryDict) -> bool:
    return any("\x00" in text for name, values in parameters.lists() for text in (name, *values))


_protocol = [
    path(".well-known/openid-configuration", _guarded(discovery.Discovery), name="oidc-connect-discovery-info"),
    path(".well-known/oauth-authorization-server", _guarded(discovery.ServerMetadata), name="oauth-server-metadata"),
    path("oidc/authorize", _guarded(authorization.Authorization), name="authorize"),
    path(
        "oidc/device_authorization",
        _guarded(device_endpoint.DeviceAuthorizationEndpoint),
        name="device-authorization",
    ),
    path("oidc/token", _guarded(provider.Token), name="token"),
    path("oidc/jwks", _guarded(discovery.Keys), name="jwks-info"),
    path("oidc/userinfo", _guarded(provider.UserInfo), name="user-info"),
    path("oidc/introspect", _guarded(provider.Introspection), name="introspect"),
    path("oidc/revoke", _guarded(provider.Revocation), name="revoke-token"),
    path("oidc/logout", _guarded(provider.EndSession), name="rp-initiated-logout"),
]
_pages = [
    path("sign-in/", on_the_way_to_a_client(_guarded(pages.SignInPage)), name="sign-in"),
    path("sign-in/tenant/", on_the_way_to_a_client(_guarded(pages.TenantPage)), name="tenant"),
    path("oidc/device", _guarded(device_pages.DevicePage), name="device"),
    path("admin/login/", _guarded(pages.AdminSignIn), name="admin-sign-in"),
]
urlpatterns = [
    path("", include((_protocol, "oauth2_provider"))),
    path("", include((_pages, "oidc"))),
]
