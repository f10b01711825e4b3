"""What may be said of an identity provider, well formed: for the commands."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from apps.core.auth.permissions import OWNER
from apps.core.remote.outbound import AddressRefused, check_form
from apps.iam.identity_providers.errors import InvalidIdentityProvider
from apps.iam.identity_providers.models import (
    CLIENT_ID_LENGTH,
    NAME_LENGTH,
    URL_LENGTH,
    IdentityProvider,
)

CONFIGURATION = "/.well-known/openid-configuration"
SECRET_LENGTH = 1024
FACTS = (
    "name",
    "issuer",
    "client_id",
    "scopes",
    "email_claim",
    "name_claim",
    "groups_claim",
    "role_mapping",
    "email_domains",
    "linking",
    "provisions",
    "default_roles",
    "acr_values",
    "trusts_mfa",
    "is_enabled",
)
_MOST = 50
_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+([a-z]{2,63}|xn--[a-z0-9-]{1,59})")
_CLAIM = re.compile(r"[A-Za-z0-9_.:/-]{1,100}")
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,100}")  # RFC 6749 §3.3
_TEXT = re.compile(r"[\x21-\x7e]{1,200}")


def tidied(name: str, value: Any) -> Any:
    """A value as it is kept: names without surrounding space, an issuer without the rest of its discovery URL."""
    if name == "name":
        return " ".join(str(value).split())
    if name == "issuer":
        return str(value).strip().removesuffix(CONFIGURATION)
    if name == "email_domains":
        return sorted({str(one).strip().lower().rstrip(".") for one in value})
    if name == "scopes":
        return list(dict.fromkeys(["openid", *value]))
    if name in ("default_roles", "acr_values"):
        return list(dict.fromkeys(value))
    if name in ("client_id", "email_claim", "name_claim", "groups_claim"):
        return str(value).strip()
    return value


def check(provider: IdentityProvider) -> None:
    """Raises InvalidIdentityProvider naming every field that is wrong. Whether roles exist is for others to say."""
    wrong = {
        "name": _name(provider.name),
        "issuer": _issuer(provider.issuer),
        "client_id": _client_id(provider.client_id, needed=provider.is_enabled),
        "scopes": _each(provider.scopes, _SCOPE, "scopes, each without spaces"),
        "email_claim": _claim(provider.email_claim),
        "name_claim": _claim(provider.name_claim),
        "groups_claim": _claim(provider.groups_claim, optional=True),
        "role_mapping": _mapping(provider.role_mapping, provider.groups_claim),
        "email_domains": _each(provider.email_domains, _DOMAIN, "domains such as acme.example"),
        "linking": "" if provider.linking in IdentityProvider.Linking.values else "never or verified_email",
        "default_roles": _roles(provider.default_roles),
        "acr_values": _each(provider.acr_values, _TEXT, "values without spaces"),
    }
    if not wrong["email_domains"] and not provider.email_domains and _needs_domains(provider):
        wrong["email_domains"] = "name at least one domain: accounts are linked and made for addresses of these alone"
    if not wrong["default_roles"] and provider.provisions and not provider.default_roles and not provider.role_mapping:
        wrong["default_roles"] = "say which roles a new account gets, here or by groups"
    errors = {name: [text] for name, text in wrong.items() if text}
    if errors:
        raise InvalidIdentityProvider(errors=errors)


def check_secret(secret: str) -> None:
    """Raises InvalidIdentityProvider."""
    if len(secret) > SECRET_LENGTH or not secret.isprintable():
        raise InvalidIdentityProvider(errors={"client_secret": [f"at most {SECRET_LENGTH} printable characters"]})


def roles_named(provider: IdentityProvider) -> frozenset[str]:
    """The codes of every role that signing in with it may give."""
    return frozenset(provider.default_roles) | frozenset(provider.role_mapping.values())


def _needs_domains(provider: IdentityProvider) -> bool:
    return provider.provisions or provider.linking == IdentityProvider.Linking.VERIFIED_EMAIL


def _name(value: str) -> str:
    fits = 0 < len(value) <= NAME_LENGTH and value.isprintable()
    return "" if fits else f"1 to {NAME_LENGTH} characters"


def _issuer(value: str) -> str:
    if len(value) > URL_LENGTH or not value.isascii() or not value.isprintable() or " " in value:
        return f"an address of at most {URL_LENGTH} characters"
    try:
        check_form(value)
        parts = urlsplit(value)
    except AddressRefused as error:
        return str(error)
    return "an address without ? and #" if parts.query or parts.fragment or "?" in value or "#" in value else ""


def _client_id(value: str, *, needed: bool) -> str:
    if needed and not value:
        return "register the platform there first, and say here which client id it was given"
    fits = len(value) <= CLIENT_ID_LENGTH and value.isprintable()
    return "" if fits else f"at most {CLIENT_ID_LENGTH} printable characters"


def _claim(value: str, *, optional: bool = False) -> str:
    return "" if (optional and not value) or _CLAIM.fullmatch(value) else "the name of a claim, such as email"


def _each(values: Iterable[str], pattern: re.Pattern[str], what: str) -> str:
    given = list(values)
    if len(given) > _MOST:
        return f"at most {_MOST}"
    bad = [str(one)[:80] for one in given if not isinstance(one, str) or not pattern.fullmatch(one)]
    return f"must be {what}: {', '.join(bad)}" if bad else ""


def _mapping(value: Any, groups_claim: str) -> str:
    if not isinstance(value, dict) or len(value) > _MOST:
        return f"at most {_MOST} groups, each with the code of a role"
    if not all(isinstance(one, str) and 0 < len(one) <= 200 and one.isprintable() for one in value):
        return "names of groups of 1 to 200 characters"
    if value and not groups_claim:
        return "say which claim holds the groups"
    return _roles(value.values())


def _roles(codes: Iterable[Any]) -> str:
    given = list(codes)
    if len(given) > _MOST or not all(isinstance(code, str) and len(code) <= 63 for code in given):
        return "codes of roles"
    return "nobody becomes an owner by signing in" if OWNER in given else ""
