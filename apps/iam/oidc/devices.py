"""Browsers that have signed in to an account before, known by a cookie of their own.

The cookie opens nothing. It spares its browser the lock that strangers bring upon the account, and the person a mail
about a new device.
"""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from apps.core.api import cookies
from apps.iam.users.names import folded

_SALT = "sign-in.device"
_LIVES_S = 365 * 24 * 3600
_ACCOUNTS = 10  # people who share a browser; the one who signed in longest ago is forgotten


def account_of(email: str) -> str:
    """The name of an account where its address must not be readable: 64 hex digits, keyed."""
    return salted_hmac("sign-in.account", folded(email), algorithm="sha256").hexdigest()


def known(request: HttpRequest, email: str) -> str:
    """The id of this browser if it has signed in to the account before, else ""."""
    device, accounts = _read(request)
    return device if account_of(email) in accounts else ""


def remember(request: HttpRequest, response: HttpResponse, email: str) -> None:
    """Let the browser be known at the account from now on."""
    device, accounts = _read(request)
    own = account_of(email)
    accounts = [*(one for one in accounts if one != own), own][-_ACCOUNTS:]
    signed = signing.dumps([device or secrets.token_hex(8), accounts], salt=_SALT)
    cookies.keep(response, settings.DEVICE_COOKIE_NAME, signed, max_age_s=_LIVES_S)


def _read(request: HttpRequest) -> tuple[str, list[str]]:
    try:
        found: Any = signing.loads(request.COOKIES.get(settings.DEVICE_COOKIE_NAME, ""), salt=_SALT, max_age=_LIVES_S)
    except signing.BadSignature:
        return "", []
    return found[0], found[1]
