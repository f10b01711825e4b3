"""Token exchange (RFC 8693), for one purpose: an administrator acts as somebody else, under both names.

    grant_type=urn:ietf:params:oauth:grant-type:token-exchange
    subject_token=<from POST /api/v1/users/{user_id}/impersonation>  subject_token_type=…:token-type:jwt
    actor_token=<the administrator's own access token>               actor_token_type=…:token-type:access_token

The subject token is about the person and names the administrator in `may_act` (§4.4); the answer is an access token
about the person with the administrator in `act` (§4.1), in a session of its own. Only a client that is trusted with it
may exchange, and only an access token that was issued to that very client.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn
from uuid import uuid4

from django.conf import settings
from django.utils import timezone
from oauthlib.oauth2.rfc6749 import errors
from oauthlib.oauth2.rfc6749.grant_types.base import GrantTypeBase

from apps.core.auth import Principal
from apps.core.auth.middleware import authenticate
from apps.core.auth.tokens import verified_claims
from apps.core.errors import DomainError, Unauthenticated, Unavailable
from apps.core.events import unit_of_work
from apps.core.tenancy import tenant
from apps.iam.oidc import sign_in
from apps.iam.oidc.models import Application, RefreshToken
from apps.iam.sessions import commands as sessions
from apps.iam.sessions import impersonation_tokens

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 (a name, RFC 8693 §3)
JWT = "urn:ietf:params:oauth:token-type:jwt"
_SCOPE = "api"
_NEEDED = {"subject_token_type": JWT, "actor_token_type": ACCESS_TOKEN}
_ONCE = ("grant_type", "scope", "subject_token", "subject_token_type", "actor_token", "actor_token_type", "audience")


class InvalidTarget(errors.OAuth2Error):
    """RFC 8693 §2.2.2."""

    error = "invalid_target"


class TokenExchangeGrant(GrantTypeBase):
    """oauthlib calls it for the grant type."""

    def create_token_response(self, request: Any, token_handler: Any) -> tuple[dict[str, str], str, int]:
        headers: dict[str, str] = self._get_default_headers()
        try:
            self.validate_token_request(request)
            token = self._exchanged(request, token_handler)
        except errors.OAuth2Error as error:
            headers.update(error.headers)
            return headers, error.json, error.status_code
        return headers, json.dumps(token), 200

    def validate_token_request(self, request: Any) -> None:
        """The client, and the form of the request. Raises OAuth2Error."""
        for name in _ONCE:
            if name in request.duplicate_params:
                raise errors.InvalidRequestError(description=f"Duplicate {name} parameter.", request=request)
        self._check_client(request)
        for name in ("subject_token", "actor_token"):
            if not _parameter(request, name):
                raise errors.InvalidRequestError(description=f"{name} is needed.", request=request)
        for name, value in _NEEDED.items():
            if _parameter(request, name) != value:
                raise errors.InvalidRequestError(description=f"{name} must be {value}.", request=request)
        if _parameter(request, "requested_token_type") not in ("", ACCESS_TOKEN):
            raise errors.InvalidRequestError(description="Only access tokens are issued.", request=request)
        if _parameter(request, "audience") not in ("", settings.ACCESS_TOKEN_AUDIENCE):
            raise InvalidTarget(description=f"The audience is {settings.ACCESS_TOKEN_AUDIENCE}.", request=request)
        if set(request.scopes or ()) - {_SCOPE}:
            raise errors.InvalidScopeError(description=f"The scope is {_SCOPE}.", request=request)

    def _check_client(self, request: Any) -> None:
        if not self.request_validator.authenticate_client(request):
            raise errors.InvalidClientError(request=request)
        client: Application = request.client
        if client.client_type != Application.CLIENT_CONFIDENTIAL or not client.may_exchange_tokens:
            raise errors.UnauthorizedClientError(
                description="This client is not trusted with token exchange.", request=request
            )

    def _exchanged(self, request: Any, token_handler: Any) -> dict[str, Any]:
        try:
            leave = impersonation_tokens.read(_parameter(request, "subject_token"))
            principal = self._actor(request)
            with tenant(principal.tenant_id), unit_of_work(RefreshToken):
                session = sessions.begin_impersonation(
                    leave=leave, actor=principal.actor, session_id=principal.session_id, now=timezone.now()
                )
                return self._issued(request, token_handler, session)
        except Unavailable:
            raise
        except DomainError as error:
            # RFC 8693 §2.2.2: this is what a token is called that is not acceptable, for whatever reason.
            _refuse(request, error)

    def _actor(self, request: Any) -> Principal:
        token = _parameter(request, "actor_token")
        if verified_claims(token).get("client_id") != request.client.client_id:
            raise Unauthenticated("the actor token was issued to another client")
        return authenticate(token)

    def _issued(self, request: Any, token_handler: Any, session: Any) -> dict[str, Any]:
        person = session.user
        request.user, request.scopes = person, [_SCOPE]
        request.sign_in = sign_in.SignIn(
            sid=session.id,
            tenant_id=session.tenant_id,
            authenticated_at=timezone.now(),
            auth_hash=person.get_session_auth_hash(),
            token_family=uuid4(),
        )
        token = token_handler.create_token(request, refresh_token=True)
        self.request_validator.save_token(token, request)
        return {**token, "issued_token_type": ACCESS_TOKEN}


def _parameter(request: Any, name: str) -> str:
    return str(getattr(request, name, None) or "")


def _refuse(request: Any, error: DomainError) -> NoReturn:
    description = "".join(c for c in str(error) if c.isascii() and c.isprintable() and c not in '"\\')
    raise errors.InvalidRequestError(description=description, request=request) from error
