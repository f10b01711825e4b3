"""What an identity provider publishes of itself: its configuration (OpenID Connect Discovery 1.0) and its keys.

Both are kept for a while, so that a sign-in costs one call. A key that is not known yet has the keys fetched again,
but not more often than once in a while, whoever makes up names of keys.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import msgspec
from django.core.cache import cache
from django.utils import timezone

from apps.core.remote.outbound import AddressRefused, Unreachable, check_form, fetch
from apps.core.resilience.fallbacks import note_stale
from apps.iam.identity_providers.dependencies import IDENTITY_PROVIDERS
from apps.iam.identity_providers.errors import ProviderMisconfigured, ProviderUnreachable
from apps.iam.identity_providers.facts import CONFIGURATION

KEPT_S = 3600
LAST_GOOD_S = 6 * 3600
KEYS_AGAIN_S = 30
MOST_BYTES = 256 * 1024
_Check = Callable[[dict[str, Any]], object]


@dataclass(frozen=True, slots=True)
class Metadata:
    """Where a provider answers, and how it wants to be asked."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str
    token_auth_methods: tuple[str, ...]
    names_itself: bool

    @property
    def authorization_origin(self) -> str:
        parts = urlsplit(self.authorization_endpoint)
        return f"{parts.scheme}://{parts.netloc}"


def metadata_of(issuer: str, *, fresh: bool = False) -> Metadata:
    """A provider's configuration; with `fresh` as it is now. Raises ProviderUnreachable, ProviderMisconfigured."""
    key, address = _key("configuration", issuer), issuer.rstrip("/") + CONFIGURATION
    if fresh:
        return _read(issuer, _kept(key, fetched_json(address), partial(_read, issuer)))
    return _read(issuer, cache.get(key) or _fetched(key, address, partial(_read, issuer)))


def keys_of(metadata: Metadata, *, again: bool = False) -> dict[str, Any]:
    """A provider's public keys; with `again` newer ones than were kept, as far as it may be asked.

    Raises ProviderUnreachable, ProviderMisconfigured.
    """
    key = _key("keys", metadata.jwks_uri)
    found: dict[str, Any] | None = cache.get(key)
    if found is None or (again and cache.add(f"{key}.again", 1, KEYS_AGAIN_S)):
        found = _fetched(key, metadata.jwks_uri, _check_keys)
    return found


def _check_keys(found: dict[str, Any]) -> None:
    if not isinstance(found.get("keys"), list):
        raise ProviderMisconfigured("its keys are no JSON Web Key Set")


def _fetched(key: str, url: str, check: _Check) -> dict[str, Any]:
    """As it is now, and kept; as it was at most LAST_GOOD_S ago where the provider does not answer. Its keys and
    addresses hold for months, and people want to sign in.
    """
    try:
        found = fetched_json(url)
    except ProviderUnreachable:
        last: dict[str, Any] | None = cache.get(f"{key}.last")
        if last is None:
            raise
        note_stale(IDENTITY_PROVIDERS.name, as_of=last["at"])
        return dict(last["found"])
    return _kept(key, found, check)


def _kept(key: str, found: dict[str, Any], check: _Check) -> dict[str, Any]:
    check(found)
    cache.set(key, found, KEPT_S)
    cache.set(f"{key}.last", {"at": timezone.now(), "found": found}, LAST_GOOD_S)
    return found


def fetched_json(
    url: str, *, form: dict[str, str] | None = None, headers: dict[str, str] | None = None
) -> dict[str, Any]:
    """The JSON object at an address. Raises ProviderUnreachable, ProviderMisconfigured."""
    status, found = answered_json(url, form=form, headers=headers)
    if status != 200:
        raise ProviderMisconfigured(f"{urlsplit(url).path} answers {status}")
    return found


def answered_json(
    url: str, *, form: dict[str, str] | None = None, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, Any]]:
    """Status and JSON object of an answer, {} where it has none and is no success. Raises ProviderUnreachable,
    ProviderMisconfigured.
    """
    try:
        answer = fetch(url, through=IDENTITY_PROVIDERS, most_bytes=MOST_BYTES, form=form, headers=headers)
    except Unreachable as error:
        raise ProviderUnreachable from error
    except AddressRefused as error:
        raise ProviderMisconfigured(str(error)) from error
    try:
        return answer.status, msgspec.json.decode(answer.body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if answer.status != 200:
            return answer.status, {}
        raise ProviderMisconfigured(f"{urlsplit(url).path} answers with something that is no JSON object") from error


def _read(issuer: str, found: dict[str, Any]) -> Metadata:
    if found.get("issuer") != issuer:
        raise ProviderMisconfigured(f"it calls itself {str(found.get('issuer'))[:200]!r}, not {issuer!r}")
    methods = found.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    return Metadata(
        issuer=issuer,
        authorization_endpoint=_endpoint(found, "authorization_endpoint"),
        token_endpoint=_endpoint(found, "token_endpoint"),
        jwks_uri=_endpoint(found, "jwks_uri"),
        userinfo_endpoint=_endpoint(found, "userinfo_endpoint") if found.get("userinfo_endpoint") else "",
        token_auth_methods=tuple(str(method) for method in methods) if isinstance(methods, list) else (),
        names_itself=found.get("authorization_response_iss_parameter_supported") is True,
    )


def _endpoint(found: dict[str, Any], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str) or not value.isascii() or not value.isprintable():
        raise ProviderMisconfigured(f"its configuration names no {name}")
    try:
        check_form(value)
    except AddressRefused as error:
        raise ProviderMisconfigured(f"{name}: {error}") from error
    return value


def _key(what: str, address: str) -> str:
    return f"identity-provider.{what}.{hashlib.sha256(address.encode()).hexdigest()}"
