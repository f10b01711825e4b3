"""django-oauth-toolkit's validator with what we add: tenant and session in every grant and token, S256 only, single
use that holds under concurrency, and people who may no longer sign in.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from datetime import datetime
from typing import Any

from django.utils import timezone
from jwcrypto.jwk import JWKSet
from jwcrypto.jws import JWS
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.scopes import get_scopes_backend
from oauthlib.oauth2.rfc6749 import errors

from apps.core.events import unit_of_work
from apps.core.tenancy import PLATFORM
from apps.iam.oidc import (
    claims_parameter,
    commands,
    device_codes,
    keys,
    lifetimes,
    people,
    sign_in,
    single_use,
    token_events,
)
from apps.iam.oidc.clients import standing
from apps.iam.oidc.errors import USED_BEFORE
from apps.iam.oidc.models import ES256, RS256, Application, DeviceAuthorization, Grant, RefreshToken
from apps.iam.sessions import commands as sessions

_S256 = re.compile(r"[A-Za-z0-9_-]{43}")


class Validator(OAuth2Validator):
    """See the module. Its hooks are called by oauthlib with oauthlib's request."""

    oidc_claim_scope = claims_parameter.SCOPE_OF

    def _load_application(self, client_id: Any, request: Any) -> Any:
        """None for an id that PostgreSQL cannot look up; an HTTP Basic header may hold one. And none for the client of
        a service account that may not act.
        """
        client = None if "\x00" in str(client_id) else super()._load_application(client_id, request)
        if client is None or standing.may_act(client):
            return client
        request.client = None
        return None

    def authenticate_client(self, request: Any, *args: Any, **kwargs: Any) -> bool:
        """With its secret; after a rotation, for a while, with the one of before too."""
        if super().authenticate_client(request, *args, **kwargs):
            return True
        client = request.client
        spare = client.spare_secret_at(timezone.now()) if isinstance(client, Application) else ""
        if not spare:
            return False
        current, client.client_secret = client.client_secret, spare
        try:
            return bool(super().authenticate_client(request, *args, **kwargs))
        finally:
            client.client_secret = current

    # --- authorization codes

    def is_pkce_required(self, client_id: str, request: Any) -> bool:
        """Always, and S256 (RFC 9700 §2.1.1). The library would refuse another method only when it makes the code."""
        if request.response_type and request.code_challenge is not None:
            _check_challenge(request)
        return True

    def validate_redirect_uri(self, client_id: str, redirect_uri: str, request: Any, *args: Any, **kwargs: Any) -> bool:
        """Also: from here on errors reach the client. Of malformed claims oauthlib would tell nobody where to go."""
        allowed = bool(super().validate_redirect_uri(client_id, redirect_uri, request, *args, **kwargs))
        if allowed and isinstance(request.claims, str):
            try:
                request.claims = claims_parameter.parsed(request.claims)
            except ValueError as error:
                raise errors.InvalidRequestError(description=f"{error}.", request=request) from error
        return allowed

    def validate_silent_login(self, request: Any) -> bool:
        """`prompt=none`: the view answers `login_required` before it comes to this."""
        return True

    def validate_silent_authorization(self, request: Any) -> bool:
        """`prompt=none`: the view answers `consent_required` where nobody has agreed yet."""
        return True

    def _create_authorization_code(self, request: Any, code: Any, expires: Any = None) -> Any:
        grant = super()._create_authorization_code(request, code, expires)
        found = sign_in.of_request(request)
        if found is None:
            raise errors.ServerError(description="The sign-in is incomplete.", request=request)
        return _kept(grant, found)

    def validate_code(self, client_id: str, code: str, client: Any, request: Any, *args: Any, **kwargs: Any) -> bool:
        """Also: a code that was used revokes all that came from it (RFC 6749 §4.1.2)."""
        grant = Grant.objects.filter(code=code, application=client).first()
        if grant is not None and grant.redeemed_at is not None:
            token_events.end_replayed(grant, client)
            return False
        if grant is None or not super().validate_code(client_id, code, client, request, *args, **kwargs):
            return False
        request.sign_in, request.grant = sign_in.of_row(grant), grant
        return _may_go_on(grant)

    def confirm_redirect_uri(
        self, client_id: str, code: str, redirect_uri: str, client: Any, *args: Any, **kwargs: Any
    ) -> bool:
        """The address must be that of the authorization request: else the grant is invalid (RFC 6749 §5.2), where
        oauthlib would call the request so.
        """
        if super().confirm_redirect_uri(client_id, code, redirect_uri, client, *args, **kwargs):
            return True
        raise errors.InvalidGrantError(description="redirect_uri is not that of the authorization request.")

    def validate_response_type(
        self, client_id: str, response_type: str, client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        """`code` and nothing else, for any client (RFC 6749 §3.1.1)."""
        if response_type != "code":
            raise errors.UnsupportedResponseTypeError(request=request)
        return bool(super().validate_response_type(client_id, response_type, client, request, *args, **kwargs))

    def invalidate_authorization_code(self, client_id: str, code: str, request: Any, *args: Any, **kwargs: Any) -> None:
        """Nothing: the code was marked as used together with the tokens, so that two cannot both succeed."""

    # --- device codes

    def validate_device_code(self, client_id: str, device_code: str, request: Any, *args: Any, **kwargs: Any) -> Any:
        """The state of the code (RFC 8628 §3.5); None for one that brings nothing. A second use ends what came of it:
        somebody has a copy.
        """
        state, row = device_codes.polled(device_code, client=request.client, now=timezone.now())
        if row is not None and state == "redeemed":
            token_events.end_replayed(row, request.client)
            return None
        if row is None or state != "authorized":
            return state or None
        request.sign_in, request.device = sign_in.of_row(row), row
        request.user, request.scopes = row.user, row.scope.split()
        return state if _is_backed(row, request.client, since=row.decided_at) else None

    # --- refresh tokens

    def validate_refresh_token(self, refresh_token: str, client: Any, request: Any, *args: Any, **kwargs: Any) -> bool:
        """Also: the person must still be a member of the tenant, and the password the same."""
        used = single_use.used_already(refresh_token)
        if used is not None:
            self._go_on_with_successor(used, client, request)
        elif not super().validate_refresh_token(refresh_token, client, request, *args, **kwargs):
            return False
        row = request.refresh_token_instance
        if lifetimes.refresh_is_over(client, row.created, now=timezone.now()):
            return False
        request.sign_in, request.claims = sign_in.of_row(row), row.claims
        if _is_backed(row, client, since=row.created):
            return True
        RefreshToken.revoke_family(row.token_family)
        return False

    @staticmethod
    def _go_on_with_successor(used: RefreshToken, client: Any, request: Any) -> None:
        """Exchange what the lost answer held. Raises InvalidGrantError where it was no loss but a replay."""
        successor = single_use.unanswered(used, client, now=timezone.now())
        if successor is None:
            token_events.end_replayed(used, used.application)
            raise errors.InvalidGrantError(description=USED_BEFORE, request=request)
        request.user, request.refresh_token_instance = successor.user, successor

    # --- issuing

    def save_bearer_token(self, token: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Use up the code or refresh token and store its successors in one transaction."""
        found = sign_in.of_request(request)
        try:
            with unit_of_work(Grant):
                _keep_platform_to_its_own(found, request)
                single_use.use_session(found, request)
                used = single_use.use_up(request)
                if isinstance(used, DeviceAuthorization) and "openid" in request.scopes:
                    token["id_token"] = self._id_token_of_device(token, request)
                saved = super().save_bearer_token(token, request, *args, **kwargs)
                if isinstance(used, RefreshToken):
                    token_events.refreshed(used, request.client)
                return saved
        except single_use.Replayed as replayed:
            token_events.end_replayed(replayed.row, request.client)
            description = USED_BEFORE if isinstance(replayed.row, RefreshToken) else None
            raise errors.InvalidGrantError(description=description, request=request) from None

    def revoke_token(self, token: str, token_type_hint: str, request: Any, *args: Any, **kwargs: Any) -> None:
        """Also: the security log is told, once."""
        with unit_of_work(RefreshToken):
            row = token_events.alive(token, request.client)
            super().revoke_token(token, token_type_hint, request, *args, **kwargs)
            # What a sign-in is to others, its tokens are to who acts as somebody: without them it is over, and the log
            # is told of that end.
            if row is not None and not sessions.end_impersonation(session_id=row.sid, now=timezone.now()):
                token_events.revoked(row, request.client)

    def _create_access_token(self, expires: Any, request: Any, token: Any, source_refresh_token: Any = None) -> Any:
        row = super()._create_access_token(expires, request, token, source_refresh_token)
        found = sign_in.of_request(request)
        if found is None:
            row.tenant_id = request.client.tenant_id
        else:
            row.sid, row.tenant_id, row.token_family = found.sid, found.tenant_id, found.token_family
            row.authenticated_at, row.acr, row.claims = found.authenticated_at, found.acr, _asked(request)
        row.save(update_fields=["sid", "tenant_id", "token_family", "authenticated_at", "acr", "claims"])
        return row

    def _create_refresh_token(self, request: Any, code: str, access_token: Any, previous: Any) -> Any:
        row = super()._create_refresh_token(request, code, access_token, previous)
        found = sign_in.of_request(request)
        if found is None:
            return row
        row.claims = _asked(request)
        row.save(update_fields=["claims"])
        return _kept(row, found)

    def _save_id_token(self, jti: str, request: Any, expires: Any, *args: Any, **kwargs: Any) -> Any:
        row = super()._save_id_token(jti, request, expires, *args, **kwargs)
        found = sign_in.of_request(request)
        if found is not None:
            row.sid, row.tenant_id = found.sid, found.tenant_id
            row.save(update_fields=["sid", "tenant_id"])
        return row

    def finalize_id_token(self, id_token: Any, token: Any, token_handler: Any, request: Any) -> str:
        """The ID token, signed as its client wants it."""
        claims, expires = self.get_id_token_dictionary(token, token_handler, request)
        id_token |= claims
        if "nonce" not in id_token and request.nonce:  # oauthlib forgets it (its issue 746)
            id_token["nonce"] = request.nonce
        signed = keys.signed(id_token, typ="JWT", algorithm=RS256 if request.client.algorithm == RS256 else ES256)
        request.id_token = request.access_token = self._save_id_token(id_token["jti"], request, expires)
        return signed

    def _id_token_of_device(self, token: Any, request: Any) -> str:
        """oauthlib makes none for a device: RFC 8628 is older than the wish."""
        begun = {"iat": int(time.time()), "at_hash": _half_hash(token["access_token"])}
        return self.finalize_id_token(begun, token, self, request)

    def _get_key_for_token(self, token: str) -> JWKSet:
        """All keys that may ever have signed an ID token: its header names one of them, and a hint may be old."""
        JWS().deserialize(token)  # the caller expects this to fail for what is no token at all
        return JWKSet.from_json(json.dumps({"keys": keys.honest()}))

    # --- claims

    def get_additional_claims(self, request: Any) -> dict[str, Any]:
        """The person, and the session and tenant of this sign-in. Scopes decide which are given."""
        source: Any = sign_in.of_request(request) or request.access_token
        claims = {"sub": commands.keep_subject(client=request.client, user_id=request.user.pk)}
        claims |= _of_person(request.user)
        claims |= {"sid": str(source.sid)} if source.sid else {}
        return claims | ({"tenant": str(source.tenant_id)} if source.tenant_id else {})

    def get_oidc_claims(self, token: Any, token_handler: Any, request: Any) -> dict[str, Any]:
        """Those of the scopes, and those that were asked for one by one (OpenID Connect Core §5.4 and §5.5): for the ID
        token, or for userinfo, where nothing is signed.
        """
        asked, part = (
            (_asked(request), claims_parameter.ID_TOKEN)
            if token_handler
            else (request.access_token.claims, claims_parameter.USERINFO)
        )
        allowed = set(get_scopes_backend().get_available_scopes(application=request.client))
        scope_of = claims_parameter.SCOPE_OF
        named = {name for name in claims_parameter.named(asked or {}, part) if scope_of[name] in allowed}
        told = self.get_claim_dict(request)
        return {name: value for name, value in told.items() if scope_of[name] in request.scopes or name in named}

    def get_id_token_dictionary(self, token: Any, token_handler: Any, request: Any) -> Any:
        """`aud` from the authenticated client: with HTTP Basic the request itself may name none."""
        claims, expires = super().get_id_token_dictionary(token, token_handler, request)
        claims |= {"aud": request.client.client_id, "azp": request.client.client_id}
        found = sign_in.of_request(request)
        return claims | (sign_in.claims(found) if found else {}), expires

    # --- bearer tokens

    def validate_bearer_token(self, token: Any, scopes: Any, request: Any) -> bool:
        valid = bool(super().validate_bearer_token(token, scopes, request))
        return valid and (request.user is None or request.user.is_active)

    def validate_jwt_bearer_token(self, token: Any, scopes: Any, request: Any) -> bool:
        """Our access tokens look like JWTs, and an ID token is no credential (oauthlib would take it for one)."""
        return self.validate_bearer_token(token, scopes, request)


def _of_person(user: Any) -> dict[str, Any]:
    """The standard claims (OpenID Connect Core §5.1)."""
    return {
        "name": user.name,
        "locale": user.locale,
        "zoneinfo": user.time_zone,
        "email": user.email,
        "email_verified": user.email_verified,
    }


def _asked(request: Any) -> claims_parameter.Requested | None:
    """Single claims that the authorization request asked for. Only what we read ourselves: see `sign_in.of_request`."""
    found = vars(request).get("claims")
    return found if isinstance(found, dict) else None


def _half_hash(text: str) -> str:
    """OpenID Connect Core §3.1.3.6."""
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).decode().rstrip("=")


def _kept(row: Any, found: sign_in.SignIn) -> Any:
    """The grant or refresh token, with the sign-in written to it."""
    row.save(update_fields=sign_in.write_to(row, found))
    return row


def _is_backed(row: Any, client: Application, *, since: datetime) -> bool:
    """Whether the person may still be here, and still agrees with what the client was given then."""
    agreed = standing.may_act_for(client, user_id=row.user_id, tenant_id=row.tenant_id, since=since)
    return agreed and _may_go_on(row)


def _may_go_on(row: Any) -> bool:
    """Whether the person of a grant or refresh token may still be here."""
    return people.may_sign_in(
        user=row.user,
        tenant_id=row.tenant_id,
        auth_hash=row.auth_hash,
        authenticated_at=row.authenticated_at,
        now=timezone.now(),
    )


def _check_challenge(request: Any) -> None:
    if request.code_challenge_method != "S256":
        raise errors.InvalidRequestError(description="code_challenge_method must be S256.", request=request)
    if not _S256.fullmatch(request.code_challenge):
        raise errors.InvalidRequestError(
            description="code_challenge must be a base64url-encoded SHA-256 digest.", request=request
        )


def _keep_platform_to_its_own(found: sign_in.SignIn | None, request: Any) -> None:
    """No tenant's application is given what the platform's staff may do (ADR 15). Raises AccessDeniedError."""
    if found is not None and found.tenant_id == PLATFORM and request.client.tenant_id is not None:
        raise errors.AccessDeniedError(request=request)
