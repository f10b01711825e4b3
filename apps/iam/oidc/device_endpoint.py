"""The device authorization endpoint (RFC 8628 §3.1): where a device without a browser begins."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import View
from django_ratelimit.core import get_usage
from oauth2_provider.views.mixins import OAuthLibMixin
from oauthlib.common import Request
from oauthlib.oauth2.rfc6749.errors import FatalClientError, InvalidClientError, OAuth2Error, UnauthorizedClientError
from oauthlib.oauth2.rfc8628.grant_types import DeviceCodeGrant

from apps.iam.oidc import device_codes
from apps.iam.oidc.models import Application
from apps.iam.oidc.throttle import network

_RATE = "30/1m"  # pairs of codes for one client at one address


@method_decorator(csrf_exempt, name="dispatch")
@method_decorator(never_cache, name="dispatch")
class DeviceAuthorizationEndpoint(OAuthLibMixin, View):
    """POST /oidc/device_authorization."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            asking = self._asking(request)
        except OAuth2Error as error:
            return _refusal(InvalidClientError() if isinstance(error, FatalClientError) else error)
        if _is_too_often(request, asking.client):
            response = JsonResponse({"error": "slow_down"}, status=429)
            response["Retry-After"] = "60"
            return response
        begun = device_codes.begin(client=asking.client, scopes=asking.scopes, now=timezone.now())
        address = f"{settings.OIDC_ISSUER}{reverse('oidc:device')}"
        return JsonResponse(
            {
                "device_code": begun.device_code,
                "user_code": begun.user_code,
                "verification_uri": address,
                "verification_uri_complete": f"{address}?{urlencode({'user_code': begun.user_code})}",
                "expires_in": begun.expires_in_s,
                "interval": device_codes.INTERVAL_S,
            }
        )

    def _asking(self, request: HttpRequest) -> Any:
        """The request of a client that may ask, with the scopes that it may have. Raises OAuth2Error."""
        core = self.get_oauthlib_core()
        uri, method, body, headers = core._extract_params(request)
        asking = Request(uri, method, body, headers)
        DeviceCodeGrant(core.server.request_validator).validate_device_authorization_request(asking)
        if not asking.client.allows_grant_type(Application.GRANT_DEVICE_CODE):
            raise UnauthorizedClientError(request=asking)
        return asking


def _refusal(error: OAuth2Error) -> HttpResponse:
    response = HttpResponse(error.json, content_type="application/json", status=error.status_code)
    if error.status_code == 401:
        response["WWW-Authenticate"] = 'Basic realm="oidc"'
    return response


def _is_too_often(request: HttpRequest, client: Application) -> bool:
    value = f"{client.client_id}|{network(str(request.META.get('REMOTE_ADDR', '')))}"
    usage = get_usage(
        request, group="oidc.device.begin", key=lambda _group, _request: value, rate=_RATE, increment=True
    )
    return usage is not None and bool(usage["should_limit"])
