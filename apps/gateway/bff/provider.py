"""Calls to the identity provider: by function where it is in this process, over HTTP where it is not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec
from django.conf import settings

from apps.core.remote.outbound import AddressRefused, Answer, Unreachable, fetch
from apps.core.resilience.deadlines import header
from apps.gateway.bff.dependencies import IDENTITY_PROVIDER
from apps.gateway.bff.errors import ProviderRefused, ProviderUnavailable
from apps.iam.facade import oidc as local

# A set of keys, or tokens with everything in them: whatever is longer is neither.
_MOST_BYTES = 256 * 1024
_ERROR_CODE = re.compile(r"[a-z_]{1,40}")


def is_here() -> bool:
    """True when our own provider answers in this process: then a call through our own port could wait for itself."""
    return "iam" in settings.SERVICES and settings.OIDC_RP_ISSUER == settings.OIDC_ISSUER


def token(form: Mapping[str, str]) -> dict[str, Any]:
    """Ask for tokens, as ourselves. Raises ProviderRefused, ProviderUnavailable."""
    form = {**form, **_credentials()}
    if not is_here():
        return _posted(settings.OIDC_OP_TOKEN_ENDPOINT, form)
    try:
        return local.token(form)
    except local.TokenRequestRefused as error:
        raise _refusal(error.error, error.description) from error


def jwks() -> dict[str, Any]:
    """The provider's public keys. Raises ProviderUnavailable."""
    if is_here():
        return local.jwks()
    return _content(_asked(settings.OIDC_OP_JWKS_ENDPOINT))


def revoke(refresh_token: str) -> None:
    """Revoke what came with a refresh token. Raises ProviderRefused, ProviderUnavailable."""
    form = {"token": refresh_token, "token_type_hint": "refresh_token", **_credentials()}
    if not is_here():
        _post(settings.OIDC_OP_REVOCATION_ENDPOINT, form)
        return
    try:
        local.revoke(form)
    except local.TokenRequestRefused as error:
        raise _refusal(error.error, error.description) from error


def end_session(id_token: str) -> bool:
    """End the provider's session behind an ID token, with its tokens, where that can be done without showing the token
    to the browser. True if it was ended here and now.
    """
    return is_here() and local.end_session(id_token=id_token)


def _credentials() -> dict[str, str]:
    return {"client_id": settings.OIDC_RP_CLIENT_ID, "client_secret": settings.OIDC_RP_CLIENT_SECRET}


def _posted(url: str, form: Mapping[str, str]) -> dict[str, Any]:
    return _content(_post(url, form))


def _post(url: str, form: Mapping[str, str]) -> Answer:
    answer = _asked(url, form)
    if answer.status in (400, 401):
        raise _refusal(_said_in(answer, "error"), _said_in(answer, "error_description"))
    return answer


def _asked(url: str, form: Mapping[str, str] | None = None) -> Answer:
    """What the provider answers, within OIDC_TIMEOUT in all, however slowly or lengthily it does."""
    try:
        answer = fetch(
            url, form=form, through=IDENTITY_PROVIDER, most_bytes=_MOST_BYTES, headers=header(), is_ours=True
        )
    except (Unreachable, AddressRefused) as error:
        raise ProviderUnavailable from error
    if answer.status not in (200, 400, 401):
        raise ProviderUnavailable(f"the identity provider answered {answer.status}")
    return answer


def _content(answer: Answer) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(answer.body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProviderUnavailable from error
    if answer.status != 200:
        raise ProviderUnavailable(f"the identity provider answered {answer.status}")
    return found


def _said_in(answer: Answer, name: str) -> str:
    try:
        return str(msgspec.json.decode(answer.body, type=dict[str, Any]).get(name, ""))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


def _refusal(error: str, description: str) -> ProviderRefused:
    """Says no more than the protocol's code: a description might repeat what was sent."""
    refused = ProviderRefused(f"the identity provider refused: {error}" if _ERROR_CODE.fullmatch(error) else "")
    # Our own provider has recorded what ended the token; another one records nothing here, whatever it says.
    refused.is_recorded = description == local.USED_BEFORE and settings.OIDC_RP_ISSUER == settings.OIDC_ISSUER
    return refused
