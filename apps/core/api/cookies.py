"""Cookies that no script reads: how they are set, and how they are taken back."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponseBase


def keep(response: HttpResponseBase, name: str, value: str, *, max_age_s: int) -> None:
    """Give the browser a cookie for all of this host and no other. Its name begins with `settings.COOKIE_PREFIX`."""
    response.set_cookie(name, value, max_age=max_age_s, path="/", secure=settings.TLS, httponly=True, samesite="Lax")


def forget(response: HttpResponseBase, name: str) -> None:
    """Take the cookie from the browser, with all that it was set with: of a name that begins with `__Host-Http-` a
    browser takes nothing that lacks `HttpOnly`, not even the end of the cookie.
    """
    keep(response, name, "", max_age_s=0)
