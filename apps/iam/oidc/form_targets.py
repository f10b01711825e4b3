"""Where the browser may end up after posting one of the provider's forms.

Chromium holds the whole chain of redirects after a form against the policy `form-action` (CSP Level 3 §6.4.1): with our
own origin alone, nobody would come back to a client after signing in or agreeing. So the pages on the way to a client
name the origins that this client has registered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.http import HttpRequest, HttpResponseBase

from apps.iam.oidc import queries
from apps.iam.oidc.clients import uris

View = Callable[..., HttpResponseBase]


def allow(response: Any, origins: Iterable[str]) -> None:
    """Let forms of this page lead to these origins."""
    _extend(response, "form-action", list(origins))


def allow_image(response: Any, origin: str) -> None:
    """Let this page show pictures from there."""
    _extend(response, "img-src", [origin])


def on_the_way_to_a_client(view: View) -> View:
    """A page with a form that goes on to the authorization request in `next`."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        target = request.POST.get("next") or request.GET.get("next") or ""
        if not 300 <= response.status_code < 400 and target:
            allow(response, _origins_of_client(target))
        return response

    return wrapped


def _origins_of_client(target: str) -> list[str]:
    try:
        client_id = parse_qs(urlsplit(target).query).get("client_id", [""])[0].replace("\x00", "")
    except ValueError:
        return []
    return sorted({_source(uri) for uri in queries.redirect_uris_of(client_id)})


def _source(uri: str) -> str:
    """A program on this machine may listen on any port (RFC 8252 §7.3)."""
    return f"http://{urlsplit(uri).hostname}:*" if uris.is_loopback(uri) else uris.origin_of(uri)


def _extend(response: Any, directive: str, sources: list[str]) -> None:
    update: dict[str, list[str]] = dict(getattr(response, "_csp_update", None) or {})
    update[directive] = [*update.get(directive, []), *sources]
    response._csp_update = update
