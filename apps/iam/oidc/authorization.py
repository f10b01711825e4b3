"""The authorization endpoint: django-oauth-toolkit's, with our sessions, tenants and demands on the sign-in."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from oauth2_provider.exceptions import OAuthToolkitError
from oauth2_provider.http import OAuth2ResponseRedirect
from oauth2_provider.scopes import get_scopes_backend
from oauth2_provider.views import AuthorizationView
from oauth2_provider.views.mixins import OAuthLibMixin
from oauthlib.oauth2.rfc6749.errors import AccessDeniedError, OAuth2Error
from oauthlib.openid.connect.core.exceptions import ConsentRequired, InteractionRequired, LoginRequired

from apps.core.events import unit_of_work
from apps.iam.oidc import claims_parameter, consenting, entering, sessions, sign_in, stepping_up
from apps.iam.oidc.clients import queries as clients
from apps.iam.oidc.consenting import Verdict
from apps.iam.oidc.error_page import error_page
from apps.iam.oidc.errors import NoMembership
from apps.iam.oidc.models import Grant

# The registered addresses were checked when the client was registered, and the one asked for against them.
_SCHEMES = ["http", "https"]


class _ConsentMissing(Exception):
    """The person is to be asked, although this client needs no consent otherwise."""


@method_decorator(csrf_exempt, name="dispatch")  # a client's request may be posted; what a person posts is protected
@method_decorator(never_cache, name="dispatch")
class Authorization(AuthorizationView):
    """GET and POST /oidc/authorize: a code for a signed-in person in one tenant."""

    template_name = "oidc/consent.html"
    demands = stepping_up.Demands()
    _validated: Any = None
    _asking: Any = None
    _found: Any = None

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST" and not request.GET:
            return _as_get(request)
        if request.method == "POST" and not request.user.is_authenticated:
            return _see_other(request.get_full_path())  # the session has ended since the page was shown
        waiting: HttpResponseBase | None = None
        if request.user.is_authenticated:
            waiting = self._back_to_ask() if request.method == "POST" else self._waiting_for()
        return waiting or super().dispatch(request, *args, **kwargs)

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        # Its demands are met: the library would go by `prompt` once more, and round in circles.
        request.GET = request.GET.copy()
        request.GET.pop("prompt", None)
        # It would go by tokens that are still good, of whichever tenant; we go by what the person has agreed to.
        request.GET["approval_prompt"] = "force"
        try:
            return super().get(request, *args, **kwargs)
        except _ConsentMissing:
            return self.render_to_response(self.get_context_data(**self.oauth2_data))

    @method_decorator(csrf_protect)
    def post(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        return super().post(request, *args, **kwargs)

    def handle_no_permission(self) -> Any:
        """To the sign-in page, but nobody is asked for a password by a request that cannot succeed."""
        try:
            credentials = self.validate_authorization_request(self.request)[1]
            self._read_demands(credentials)
            if self.demands.is_silent:
                raise _for_client(LoginRequired(), credentials)
        except OAuthToolkitError as error:
            return self.error_response(error, application=None)
        return self._to_sign_in()

    def create_authorization_response(self, request: Any, scopes: Any, credentials: dict[str, Any], allow: Any) -> Any:
        """Hand the session and the tenant to the code that is made now."""
        if "consent" in self.demands.prompts and request.method != "POST":
            raise _ConsentMissing
        # From the address, as it was checked: what a form carries may have been changed.
        credentials["sign_in"], credentials["claims"] = self._sign_in(), dict(self.demands.claims)
        if request.method == "POST" and not allow:
            self._answered(credentials, scopes, allow=False)
        with unit_of_work(Grant):
            response = super().create_authorization_response(request, scopes, credentials, allow)
            if request.method == "POST" and _has_code(response[0]):
                self._answered(credentials, scopes, allow=True)
        stepping_up.use_up(request)
        return response

    def render_to_response(self, context: dict[str, Any], **response_kwargs: Any) -> Any:
        """The library has come to the end of what it knows: that the person agrees is for us to know, or to ask."""
        client, credentials = context["application"], self._validated[1]
        asked_anew = "consent" in self.demands.prompts
        asked = self._asked_for(client, context["scopes"])
        found = self._verdict(client, asked)
        try:
            if found is Verdict.NOT_APPROVED:
                return self._not_approved(client, credentials)
            if found is Verdict.AGREED and not asked_anew:
                scopes = " ".join(context["scopes"])
                uri = self.create_authorization_response(self.request, scopes, credentials, True)[0]
                return self.redirect(uri, client)
            if self.demands.is_silent:
                raise _for_client(ConsentRequired(), credentials)
        except OAuthToolkitError as error:
            return self.error_response(error, client)
        return consenting.ask(self.request, {**context, "scopes": asked}, tenant_id=self._tenant())

    def form_invalid(self, form: Any) -> HttpResponse:
        """Not a form of ours: somebody has changed it."""
        return error_page(
            self.request, status=400, code="invalid_request", detail="The form is incomplete: start again."
        )

    def form_valid(self, form: Any) -> Any:
        client = clients.client_of_token(form.cleaned_data["client_id"])
        # The library would send a "no" to any address.
        if client is None or not client.redirect_uri_allowed(form.cleaned_data["redirect_uri"]):
            return self.form_invalid(form)
        try:
            ready = self._tenant() is not None and self._verdict(client, ()) is not Verdict.NOT_APPROVED
        except NoMembership:
            ready = False
        # What has changed since the page was shown, the request itself will tell.
        return super().form_valid(form) if ready else _see_other(self.request.get_full_path())

    def _verdict(self, client: Any, scopes: Any) -> Verdict:
        return consenting.standing(client, user_id=self.request.user.pk, tenant_id=self._tenant(), scopes=scopes)

    def _asked_for(self, client: Any, scopes: list[str]) -> list[str]:
        """What the person is to agree to: the scopes, and those that single claims belong to."""
        allowed = get_scopes_backend().get_available_scopes(application=client)
        implied = claims_parameter.implied_scopes(dict(self.demands.claims), scopes)
        return [*scopes, *(scope for scope in implied if scope in allowed)]

    def _answered(self, credentials: dict[str, Any], scopes: str, *, allow: bool) -> None:
        client, tenant_id = clients.client_of_token(credentials["client_id"]), self._tenant()
        if client is not None and tenant_id is not None:
            asked = self._asked_for(client, scopes.split())
            consenting.answered(self.request, client, tenant_id=tenant_id, scopes=asked, allow=allow)

    def _not_approved(self, client: Any, credentials: dict[str, Any]) -> HttpResponse:
        description = "An administrator of the company must approve this application first."
        error = _for_client(AccessDeniedError(description=description), credentials)
        if self.demands.is_silent:
            raise error
        return consenting.not_approved(self.request, client, back=self.error_response(error, client)["Location"])

    def redirect(self, redirect_to: str, application: Any) -> Any:
        """To the client. Every answer names us, errors too (RFC 9207)."""
        return OAuth2ResponseRedirect(_with_issuer(redirect_to), _SCHEMES)

    def error_response(self, error: Any, application: Any, **kwargs: Any) -> Any:
        """To the client, unless the client or its address is what is wrong: then nobody is sent there."""
        to_client, details = OAuthLibMixin.error_response(self, error, **kwargs)
        if to_client:
            return self.redirect(details["url"], application)
        problem = details["error"]
        return error_page(
            self.request, status=problem.status_code, code=problem.error, detail=problem.description or ""
        )

    def validate_authorization_request(self, request: Any) -> Any:
        """As the library's, once a request: it asks the database."""
        if self._validated is None:
            self._validated = super().validate_authorization_request(request)
        return self._validated

    def _waiting_for(self) -> Any:
        """Where the browser of a signed-in person is sent before there can be a code; None when nothing is missing."""
        try:
            credentials = self.validate_authorization_request(self.request)[1]
            self._read_demands(credentials)
            if self._lacks(credentials):
                return self._to_sign_in()
            if self._tenant() is None:
                if self.demands.is_silent:
                    raise _for_client(InteractionRequired(description="A company must be chosen."), credentials)
                return redirect(f"{reverse('oidc:tenant')}?{urlencode({'next': self.request.get_full_path()})}")
            if owed := self._owed():
                if self.demands.is_silent:
                    raise _for_client(InteractionRequired(description="The company asks for more."), credentials)
                return redirect(f"{reverse(owed)}?{urlencode({'next': self.request.get_full_path()})}")
        except OAuthToolkitError as error:
            return self.error_response(error, application=None)
        except NoMembership as error:
            if self.demands.is_silent:
                return self.error_response(_for_client(AccessDeniedError(), credentials), application=None)
            return _no_membership(self.request, error)
        return None

    def _back_to_ask(self) -> Any:
        """Consent is given by somebody who still is who the request asks for: otherwise it is asked for again."""
        try:
            self.demands = stepping_up.demanded(self.request.GET)
            met = stepping_up.lacking(self.request, self.demands) is None and not self._owed()
        except (OAuth2Error, NoMembership):
            met = False
        return None if met else _see_other(self.request.get_full_path())

    def _owed(self) -> str:
        """The page where the person does first what the tenant asks for; "" when nothing is. Raises NoMembership."""
        tenant_id = self._tenant()
        if tenant_id is None:
            return ""
        return entering.owed(self.request, tenant_id=tenant_id)

    def _read_demands(self, credentials: dict[str, Any]) -> None:
        try:
            self.demands = stepping_up.demanded(self.request.GET)
        except OAuth2Error as error:
            raise _for_client(error, credentials) from error

    def _lacks(self, credentials: dict[str, Any]) -> bool:
        try:
            lacking = stepping_up.lacking(self.request, self.demands) is not None
        except OAuth2Error as error:
            raise _for_client(error, credentials) from error
        if lacking and self.demands.is_silent:
            raise _for_client(LoginRequired(), credentials)
        return lacking

    def _to_sign_in(self) -> HttpResponse:
        """To the sign-in page and back to this request, which knows then when it was asked."""
        if "select_account" in self.demands.prompts and self.request.user.is_authenticated:
            sessions.forget_tenant(self.request)
        target = stepping_up.marked(self.request) if self.demands.asks_again else self.request.get_full_path()
        return redirect(f"{reverse('oidc:sign-in')}?{urlencode({'next': target})}")

    def _tenant(self) -> Any:
        """The tenant of this request; None while the person has yet to choose. Raises NoMembership.

        Found out once a request: it asks the database.
        """
        if self._found is None:
            named = self.request.GET.get("tenant", "")
            self._found = entering.tenant_of(self.request, owner=self._owner(), named=named)
        return self._found

    def _owner(self) -> Any:
        """The tenant that the application belongs to; None for the platform's."""
        if self._asking is None:
            client_id = self.request.POST.get("client_id") or self.request.GET.get("client_id", "")
            self._asking = clients.client_of_token(client_id)
        return self._asking.tenant_id if self._asking else None

    def _sign_in(self) -> sign_in.SignIn | None:
        try:
            tenant_id = self._tenant()
        except NoMembership:
            return None
        if tenant_id is None:
            return None
        acr = self.demands.acr_told(sessions.acr_of(self.request))
        return entering.sign_in_of(self.request, tenant_id=tenant_id, acr=acr)


def _for_client(error: OAuth2Error, credentials: dict[str, Any]) -> OAuthToolkitError:
    """The error, addressed to the client of a request that is in order otherwise."""
    error.state = credentials.get("state")
    return OAuthToolkitError(error=error, redirect_uri=credentials["redirect_uri"])


def _as_get(request: HttpRequest) -> HttpResponse:
    """A client may post its request (OpenID Connect Core §3.1.2.1). Another site's post brings no cookies, so it is
    asked for again by a GET.
    """
    return _see_other(f"{request.path}?{request.POST.urlencode()}")


def _see_other(address: str) -> HttpResponse:
    response = redirect(address)
    response.status_code = 303
    return response


def _with_issuer(uri: str) -> str:
    parts = urlsplit(uri)
    query = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != "iss"]
    return urlunsplit(parts._replace(query=urlencode([*query, ("iss", settings.OIDC_ISSUER)])))


def _has_code(uri: str) -> bool:
    """False where the answer to the client is an error."""
    return any(name == "code" for name, _ in parse_qsl(urlsplit(uri).query))


def _no_membership(request: HttpRequest, error: NoMembership) -> HttpResponse:
    again = f"{reverse('oidc:sign-in')}?{urlencode({'next': request.get_full_path()})}"
    return error_page(request, status=403, code=error.code, detail=f"{error}.", retry_url=again)
