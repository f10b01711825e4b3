"""Asks the provider for a stronger or fresher sign-in, and makes sure that the answer is one (RFC 9470)."""

from __future__ import annotations

import re
import time
from typing import Any

from django.http import HttpRequest

from apps.core.auth.step_up import is_at_least
from apps.gateway.bff.attempts import Attempt
from apps.gateway.bff.errors import SignInFailed

PARAMETERS = ("acr_values", "max_age", "again")
_ACR = re.compile(r"[A-Za-z0-9:._/-]{1,100}")
_LEEWAY_S = 30


def asked_in(request: HttpRequest) -> dict[str, Any]:
    """What a page asked for; what is not well formed was not asked for."""
    acr, max_age = request.GET.get("acr_values", ""), request.GET.get("max_age", "")
    return {
        "acr_values": acr if _ACR.fullmatch(acr) else "",
        "max_age_s": int(max_age) if max_age.isascii() and max_age.isdecimal() and len(max_age) < 9 else None,
        "again": request.GET.get("again") == "1",
    }


def parameters(attempt: Attempt) -> dict[str, str]:
    """Of the authorization request (OpenID Connect Core §3.1.2.1)."""
    asked = {"acr_values": attempt.acr_values}
    if attempt.max_age_s is not None:
        asked["max_age"] = str(attempt.max_age_s)
    return {name: value for name, value in asked.items() if value}


def check(claims: dict[str, Any], attempt: Attempt) -> None:
    """A provider that does not know these parameters would send people round in circles. Raises SignInFailed."""
    if attempt.max_age_s is not None:
        signed_in_at = claims.get("auth_time")
        if not isinstance(signed_in_at, int | float) or signed_in_at + attempt.max_age_s + _LEEWAY_S < time.time():
            raise SignInFailed("the identity provider did not ask for a fresh sign-in")
    if attempt.acr_values and not is_at_least(str(claims.get("acr", "")), attempt.acr_values):
        raise SignInFailed("the identity provider did not ask for a second factor")
