"""What the provider tells about itself: its metadata and its public keys."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.views.generic import View

from apps.iam.oidc import claims_parameter, queries, signing_keys, stepping_up
from apps.iam.oidc.models import ES256, RS256, Application


class Keys(View):
    """GET /oidc/jwks: the public keys."""

    def get(self, request: HttpRequest) -> HttpResponse:
        published = queries.jwks()
        if not published["keys"]:  # a new installation, whose first process is still starting
            signing_keys.ensure(now=timezone.now())
            published = queries.jwks()
        response = JsonResponse(published)
        response["Cache-Control"] = "public, max-age=300"
        return _for_everybody(response)


class Discovery(View):
    """GET /.well-known/openid-configuration (OpenID Connect Discovery 1.0 §3)."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return _for_everybody(JsonResponse(_oauth() | _openid()))


class ServerMetadata(View):
    """GET /.well-known/oauth-authorization-server (RFC 8414)."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return _for_everybody(JsonResponse(_oauth()))


def _oauth() -> dict[str, Any]:
    """RFC 8414 §2, RFC 9207 §3."""
    authenticated = ["client_secret_basic", "client_secret_post"]
    return {
        "issuer": settings.OIDC_ISSUER,
        "authorization_endpoint": _url("authorize"),
        "token_endpoint": _url("token"),
        "device_authorization_endpoint": _url("device-authorization"),
        "jwks_uri": _url("jwks-info"),
        "revocation_endpoint": _url("revoke-token"),
        "introspection_endpoint": _url("introspect"),
        "scopes_supported": list(settings.OAUTH2_PROVIDER["SCOPES"]),
        "response_types_supported": settings.OAUTH2_PROVIDER["OAUTH2_RESPONSE_TYPES_SUPPORTED"],
        "response_modes_supported": ["query"],
        "grant_types_supported": settings.OAUTH2_PROVIDER["OAUTH2_GRANT_TYPES_SUPPORTED"],
        "token_endpoint_auth_methods_supported": [*authenticated, "none"],
        "revocation_endpoint_auth_methods_supported": [*authenticated, "none"],
        "introspection_endpoint_auth_methods_supported": authenticated,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
    }


def _openid() -> dict[str, Any]:
    """OpenID Connect Discovery §3, RP-Initiated Logout §2.1, Back-Channel Logout §2.1."""
    return {
        "userinfo_endpoint": _url("user-info"),
        "end_session_endpoint": _url("rp-initiated-logout"),
        "subject_types_supported": Application.SubjectType.values,
        "id_token_signing_alg_values_supported": [ES256, RS256],
        "acr_values_supported": stepping_up.supported(),
        "prompt_values_supported": list(stepping_up.PROMPTS),
        "claim_types_supported": ["normal"],
        "claims_supported": [*claims_parameter.SCOPE_OF, *claims_parameter.ALWAYS],
        "claims_parameter_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
    }


def _url(view: str) -> str:
    return f"{settings.OIDC_ISSUER}{reverse(f'oauth2_provider:{view}')}"


def _for_everybody(response: HttpResponse) -> HttpResponse:
    response["Access-Control-Allow-Origin"] = "*"
    return response
