"""Where a browser may be sent after signing in: pages of ours, by path."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.utils.http import url_has_allowed_host_and_scheme

HOME = "/"
# The attempt travels in a cookie, so a path longer than this is not worth keeping.
_MAX_LENGTH = 1024
# Going there would only go round in circles.
_NOT_BACK_TO = ("/auth/", "/oidc/", "/sign-in/")


def safe_path(wanted: str) -> str:
    """`wanted` if it is a path on this host, else the home page."""
    if not wanted.startswith("/") or not wanted.isprintable() or len(wanted) > _MAX_LENGTH:
        return HOME
    if not url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        return HOME
    return HOME if urlsplit(wanted).path.startswith(_NOT_BACK_TO) else wanted
