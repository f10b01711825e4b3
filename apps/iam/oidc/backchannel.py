"""The provider's endpoints for a client in the same process.

Going through our own port would let a bounded pool of threads wait for itself. The provider's own views are called,
so that client authentication, PKCE, redirect address and single use are checked as for anybody else.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.views.generic import View
from oauth2_provider.views.oidc import _load_id_token

from apps.core.db.replicas import primary_only
from apps.core.tenancy import no_tenant
from apps.iam.oidc import provider, queries
from apps.iam.oidc.errors import TokenRequestRefused
from apps.iam.oidc.models import IDToken
from apps.iam.sessions import commands as sessions
from apps.iam.sessions.events import EndReason


def token(payload: Mapping[str, str]) -> dict[str, Any]:
    """The answer of the token endpoint (RFC 6749 §5.1). Raises TokenRequestRefused."""
    return _json(_call(provider.Token, "token", payload))


def jwks() -> dict[str, Any]:
    """The provider's public keys (RFC 7517 §5)."""
    return queries.jwks()


def userinfo(access_token: str) -> dict[str, Any]:
    """The claims of the person behind an access token (OpenID Connect Core §5.3). Raises TokenRequestRefused."""
    return _json(_call(provider.UserInfo, "user-info", {}, authorization=f"Bearer {access_token}"))


def revoke(payload: Mapping[str, str]) -> None:
    """Revoke a token (RFC 7009). Unknown ones are none of the caller's business. Raises TokenRequestRefused."""
    _call(provider.Revocation, "revoke-token", payload)


def end_session(*, id_token: str) -> bool:
    """End the session that an ID token of ours was issued in, with its tokens. False where there was none to end."""
    with no_tenant(), primary_only():
        row, _claims = _load_id_token(id_token)
        sid: UUID | None = row.sid if isinstance(row, IDToken) else None
        if sid is None:
            return False
        return sessions.end_session(session_id=sid, reason=EndReason.SIGNED_OUT, now=timezone.now())


def _call(view: type[View], name: str, form: Mapping[str, str], *, authorization: str = "") -> HttpResponseBase:
    request = _request(reverse(f"oauth2_provider:{name}"), urlencode(form).encode(), authorization)
    with no_tenant(), primary_only():
        response = view.as_view()(request)
    if response.status_code != 200:
        raise _refusal(response)
    return response


def _request(path: str, body: bytes, authorization: str) -> WSGIRequest:
    """A POST from nobody's browser: no cookie, no session, nothing of the request that is being served."""
    issuer = urlsplit(settings.OIDC_ISSUER)
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(len(body)),
        "SERVER_NAME": issuer.hostname or "localhost",
        "SERVER_PORT": str(issuer.port or (443 if issuer.scheme == "https" else 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": issuer.netloc,
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": issuer.scheme,
    }
    if authorization:
        environ["HTTP_AUTHORIZATION"] = authorization
    return WSGIRequest(environ)


def _json(response: Any) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(response.content)
    return content


def _refusal(response: Any) -> TokenRequestRefused:
    try:
        said = json.loads(response.content)
    except ValueError:
        said = {}
    error, description = (str(said.get(name, "")) for name in ("error", "error_description"))
    detail = f"the provider answered {response.status_code} {error}".strip()
    return TokenRequestRefused(detail, error=error, description=description)
