"""A caller reads his own writes, also from replicas: the token of his last write comes back with each request."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.core import signing
from django.db import Error
from django.http import HttpRequest, HttpResponse

from apps.core.api import cookies
from apps.core.db.replay import Position
from apps.core.db.replicas import Reading, distrust, primary_only, reading, replicas_configured
from apps.core.observability import get_logger

HEADER = "X-Consistency-Token"
LIFETIME_S = 3600
_SAFE = ("GET", "HEAD", "OPTIONS")
_UNKNOWN = "unknown"
_signer = signing.TimestampSigner(salt="apps.core.api.consistency", sep="~")
_logger = get_logger("api.consistency")


class ConsistencyMiddleware:
    """Lets GET and HEAD read from replicas that show everything the caller's tokens name; all else reads the primary.

    Tokens come in the cookie (browsers) and in `X-Consistency-Token` (API clients), and go out the same ways with every
    answer to a request that wrote. A token that cannot be read, or is older than an hour, means: read the primary.
    A replica that dies under a GET is left out, and the GET is answered again by the primary.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not replicas_configured():
            return self.get_response(request)
        required = _required(request)
        with reading(required, replicas=required is not None and request.method in _SAFE) as current:
            response = self.get_response(request)
            if response.status_code == 503 and current.used and not current.written:
                response = self._again(request, current)
            if current.written:
                _hand_out(response, current)
        return response

    def _again(self, request: HttpRequest, current: Reading) -> HttpResponse:
        for alias in current.used:
            distrust(alias)
        with primary_only():
            return self.get_response(request)


def _required(request: HttpRequest) -> dict[str, Position] | None:
    """By server, what the caller must see; None when a token cannot be read, so that only the primary will do."""
    required: dict[str, Position] = {}
    for token in (request.headers.get(HEADER), request.COOKIES.get(settings.CONSISTENCY_COOKIE_NAME)):
        if not token:
            continue
        positions = decoded(token)
        if positions is None:
            return None
        for position in positions:
            known = required.get(position.server)
            required[position.server] = position if known is None else max(known, position)
    return required


def encoded(positions: dict[str, Position]) -> str:
    """The token: signed, since it decides which server is asked."""
    return _signer.sign("_".join(f"{p.server}-{p.timeline:x}-{p.lsn:x}" for p in positions.values()))


def decoded(token: str) -> list[Position] | None:
    """What a token names; None when it is not one of ours, or older than LIFETIME_S."""
    try:
        parts = [part.split("-") for part in _signer.unsign(token, max_age=LIFETIME_S).split("_")]
        return [Position(timeline=int(tli, 16), lsn=int(lsn, 16), server=server) for server, tli, lsn in parts]
    except (signing.BadSignature, ValueError):
        return None


def _hand_out(response: HttpResponse, current: Reading) -> None:
    try:
        token = encoded(current.positions_written())
    except Error:
        # The write is done, only its place is not known: this caller reads the primary until the cookie ends.
        _logger.warning("no log position after a write", exc_info=True)
        token = _UNKNOWN
    response[HEADER] = token
    cookies.keep(response, settings.CONSISTENCY_COOKIE_NAME, token, max_age_s=LIFETIME_S)
