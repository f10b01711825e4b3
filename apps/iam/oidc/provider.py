"""The provider's protocol endpoints: django-oauth-toolkit's views, at our addresses and with our rules."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import View
from oauth2_provider.exceptions import InvalidOIDCClientError
from oauth2_provider.http import OAuth2ResponseRedirect
from oauth2_provider.views import (
    RevokeTokenView,
    RPInitiatedLogoutView,
    TokenView,
    UserInfoView,
)
from oauth2_provider.views.mixins import OAuthLibMixin
from oauthlib.common import Request, add_params_to_uri

from apps.iam.oidc import queries, sessions
from apps.iam.oidc.error_page import error_page
from apps.iam.oidc.models import Application
from apps.iam.sessions import commands as session_commands
from apps.iam.sessions.events import EndReason


class Token(TokenView):
    """POST /oidc/token."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """JSON that nobody keeps, also where the refusal comes from deep inside (RFC 6749 §5.1)."""
        # Not by way of super(): it would look for a device's code in the library's own table.
        response: HttpResponse = self.authorization_flow_token_response(request)
        response["Content-Type"] = "application/json"
        response["Cache-Control"], response["Pragma"] = "no-store", "no-cache"
        if response.status_code == 401:  # a client tried to authenticate: in the way it tried (§5.2)
            response["WWW-Authenticate"] = 'Basic realm="oidc"'
        return response


class UserInfo(UserInfoView):
    """GET and POST /oidc/userinfo."""

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """In the header only: the library would take a token from the query too, which ends in logs (RFC 9700 §4.3.2).
        Without one nothing is wrong with it yet (RFC 6750 §3.1).
        """
        if request.headers.get("Authorization", "").partition(" ")[0].lower() != "bearer":
            return HttpResponse(status=401, headers={"WWW-Authenticate": 'Bearer realm="oidc"'})
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response


class Revocation(RevokeTokenView):
    """POST /oidc/revoke (RFC 7009)."""


@method_decorator(csrf_exempt, name="dispatch")
@method_decorator(never_cache, name="dispatch")
class Introspection(OAuthLibMixin, View):
    """POST /oidc/introspect (RFC 7662): for authenticated clients, about tokens of their own tenant."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        client = self._client(request)
        if client is None:
            response = JsonResponse({"error": "invalid_client"}, status=401)
            response["WWW-Authenticate"] = 'Basic realm="oidc"'
            return response
        return JsonResponse(queries.introspection(request.POST.get("token", ""), asked_by=client))

    def _client(self, request: HttpRequest) -> Application | None:
        core = self.get_oauthlib_core()
        uri, method, body, headers = core._extract_params(request)
        asking = Request(uri, method, body, headers)
        if not core.server.request_validator.authenticate_client(asking):
            return None
        client: Application = asking.client
        return client if client.client_type == Application.CLIENT_CONFIDENTIAL else None


@method_decorator(never_cache, name="dispatch")
class EndSession(RPInitiatedLogoutView):
    """GET and POST /oidc/logout (OpenID Connect RP-Initiated Logout): ends this browser's session and its tokens."""

    template_name = "oidc/sign_out.html"

    def get_request_application(self, id_token: Any, client_id: str | None) -> Any:
        if client_id:
            application = Application.objects.filter(client_id=client_id).first()
            if application is None:
                raise InvalidOIDCClientError
            return application
        return id_token.application if id_token else None

    def do_logout(
        self,
        application: Any = None,
        post_logout_redirect_uri: str | None = None,
        state: str | None = None,
        token_user: Any = None,
    ) -> Any:
        if self.request.user.is_authenticated:
            sid = sessions.sid_of(self.request)
            session_commands.end_session(session_id=sid, reason=EndReason.SIGNED_OUT, now=timezone.now())
        logout(self.request)
        if not post_logout_redirect_uri:
            return render(self.request, "oidc/signed_out.html", {"sign_in_url": "/"})
        target = add_params_to_uri(post_logout_redirect_uri, [("state", state)] if state else [])
        return OAuth2ResponseRedirect(target, application.get_allowed_schemes())

    def error_response(self, error: Any) -> HttpResponse:
        return error_page(self.request, status=error.status_code, code=error.error, detail=str(error.description or ""))
