"""What of the gateway's own doing is told to the security log. Provider and services tell the rest themselves."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django_ratelimit.core import get_usage
from prometheus_client import Counter

from apps.core.errors import DomainError, Unavailable
from apps.core.history import Actor
from apps.core.observability import get_logger
from apps.gateway.bff import security_events
from apps.gateway.bff.attempts import Attempt
from apps.gateway.bff.security_events import NOBODY
from apps.gateway.bff.vault import Tokens

_untold = Counter("gateway_refusals_untold_total", "Refusals beyond GATEWAY_REFUSALS_RECORDED per address.")
_logger = get_logger("gateway.bff")


def tell_of_failed_sign_in(request: HttpRequest, error: DomainError) -> None:
    """An answer of the provider that signs nobody in: of another sign-in, another provider, for somebody else, …

    Anybody can send such answers, so only so many are recorded of one address; the others are counted and logged.
    """
    if _too_many(request, error):
        return
    security_events.tell(
        "sign_in.failed",
        outcome="failure" if isinstance(error, Unavailable) else "denied",
        reason=str(error),
        details={"code": error.code, "by": "gateway"},
    )


def tell_of_refused_logout_token(request: HttpRequest, error: DomainError) -> None:
    """Somebody asked to end a session and was not our provider. Bounded as refused sign-ins are."""
    if _too_many(request, error):
        return
    details = {"code": error.code, "by": "gateway"}
    security_events.tell("session.revoked", reason=str(error), details=details)


def tell_of_refused_refresh(tokens: Tokens, *, reason: str) -> None:
    """The provider gives no fresh tokens, so the browser's session is over."""
    security_events.tell("token.refreshed", reason=reason, details={"by": "gateway"}, **_about(tokens))


def tell_of_half_a_sign_out(tokens: Tokens, *, reason: str) -> None:
    """Somebody signed out here, and their session at the provider could not be ended."""
    security_events.tell("sign_out", outcome="failure", reason=reason, details={"by": "gateway"}, **_about(tokens))


def _too_many(request: HttpRequest, error: DomainError) -> bool:
    rate = settings.GATEWAY_REFUSALS_RECORDED
    usage = get_usage(request, group="bff.refusals", key=_address, rate=rate, increment=True)
    if usage is None or not usage["should_limit"]:
        return False
    _untold.inc()
    _logger.info("a refusal was not recorded: too many from there", code=error.code)
    return True


def tell_of_switch(attempt: Attempt, tokens: Tokens) -> None:
    """Somebody went on working in another tenant, whose log is told."""
    if attempt.switched_from and attempt.switched_from != tokens.tenant:
        security_events.tell(
            "session.tenant_switched",
            outcome="success",
            details={"from": attempt.switched_from, "by": "gateway"},
            **_about(tokens),
        )


def _about(tokens: Tokens) -> dict[str, Any]:
    """Whose session it is, in which tenant, as far as the provider's claims say so in our way."""
    person_id = _uuid(tokens.subject)
    return {
        "subject_id": person_id or NOBODY,
        "tenant_id": _uuid(tokens.tenant),
        "session_id": tokens.sid,
        "actor": Actor(kind="user", id=person_id, name=tokens.name) if person_id else None,
    }


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _address(group: str, request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))
