"""Where limits meet requests: once before anybody is known, once after.

Before, nothing is counted: a request is refused there when its address, or what its caller sends to be known by, was
refused a moment ago. That costs a flood neither Redis nor the database. After, all budgets are charged in one step.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from apps.core.api.error_pages import error_response
from apps.core.auth.middleware import KEY_HEADER
from apps.gateway.ratelimit import headers, measures
from apps.gateway.ratelimit.budgets import Budget, Standing
from apps.gateway.ratelimit.crowd import Crowd
from apps.gateway.ratelimit.errors import LimitsUnavailable, RateLimited, TooManyAtOnce
from apps.gateway.ratelimit.limiter import limiter
from apps.gateway.ratelimit.matching import budgets_of, network, who

# What tells whether the process lives must answer under any load, and files are cheap.
_UNLIMITED = ("/static/", "/livez", "/readyz", "/startupz", "/metrics")
Next = Callable[[HttpRequest], HttpResponse]


class RefusedBeforeMiddleware:
    """Stands before sessions and principals are looked up."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        known, request.sent_by = limiter(), _sent_by(request)
        if known.refusals.known and not request.path.startswith(_UNLIMITED):
            try:
                known.refusals.check((request.sent_by, _address(request)), known.clock())
            except RateLimited as error:
                return _refused(request, error)
        return self.get_response(request)


class RateLimitMiddleware:
    """Stands right after the principal is known."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response
        self.crowd = Crowd(settings.WEB_THREADS)

    def __call__(self, request: Any) -> HttpResponse:
        if request.path.startswith(_UNLIMITED):
            return self.get_response(request)
        limits = request.principal.limits if request.principal else None
        if limits is None or "web.arrived" not in request.META:  # no thread of a web process is taken
            return self._within_budgets(request)
        company = request.principal.tenant_id
        if not self.crowd.enter(company, limits.concurrent):
            measures.AT_ONCE.inc()
            return error_response(request, TooManyAtOnce(limit="concurrent"))
        return _left_at_the_end(lambda: self._within_budgets(request), lambda: self.crowd.leave(company))

    def _within_budgets(self, request: Any) -> HttpResponse:
        budgets = budgets_of(who(request), request.method, request.path)
        try:
            heard = limiter().check(budgets)
        except RateLimited as error:
            limiter().refusals.remember_caller(request.sent_by, error.budget)
            return _refused(request, error)
        except LimitsUnavailable as error:
            return error_response(request, error)
        response = self.get_response(request)
        return _told(response, budgets, heard) if request.path.startswith("/api/") else response


def _left_at_the_end(answer: Callable[[], HttpResponse], leave: Callable[[], None]) -> HttpResponse:
    """A stream holds its thread until it is closed."""
    try:
        response: Any = answer()
    except BaseException:
        leave()
        raise
    if response.streaming:
        response._resource_closers.append(leave)
    else:
        leave()
    return response  # type: ignore[no-any-return]


def _sent_by(request: Any) -> str:
    """What the caller will be known by, as a digest; "" where they send nothing to be known by."""
    meta = request.META
    sent = meta.get("HTTP_AUTHORIZATION") or meta.get(KEY_HEADER) or request.COOKIES.get(settings.BFF_COOKIE_NAME)
    return blake2b(str(sent).encode("utf-8", "surrogateescape"), digest_size=16).hexdigest() if sent else ""


def _address(request: Any) -> str:
    return f"address.{network(str(request.META.get('REMOTE_ADDR', '')))}"


def _refused(request: Any, error: RateLimited) -> HttpResponse:
    response, budget = error_response(request, error), error.budget
    response[headers.POLICY] = headers.policies([budget])
    response[headers.STATE] = headers.used_up(budget, error.retry_after_s)
    return response


def _told(response: HttpResponse, budgets: list[Budget], heard: dict[str, Standing]) -> HttpResponse:
    leases = limiter().leases
    found = [(one, heard.get(one.key) or leases.standing(one)) for one in budgets]
    response[headers.POLICY] = headers.policies(budgets)
    if states := headers.states([(budget, standing) for budget, standing in found if standing]):
        response[headers.STATE] = states
    return response
