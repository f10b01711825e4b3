"""The rules, as data: who is limited, where, and what happens while Redis is away."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from django.conf import settings
from django_ratelimit.core import _split_rate

LEASED_SHARE = 0.02  # of a budget, that one process may hold in advance


class Scope(StrEnum):
    """Who shares a budget."""

    ADDRESS = "address"
    CALLER = "caller"  # one person or service account in one company, whatever their tokens
    API_KEY = "api_key"
    COMPANY = "company"  # its plan says how much


class WhenAway(StrEnum):
    """What holds while Redis does not answer."""

    LOCAL = "local"  # each process counts by itself: at worst as many times the budget as there are processes
    OPEN = "open"  # nothing is counted
    CLOSED = "closed"  # refused with 503: what is worth more than being available


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`rate` names a setting such as `600/1m`: so many at once, and so many a minute in the long run; "" where the
    company's plan says it, by the month with `monthly`.

    `routes` are beginnings of paths, with a method before them where it matters ("POST /sign-in/"); none: all paths.
    An `exact` rule is asked with each request; of others processes take some in advance (`Budget.lease`).
    """

    name: str
    title: str
    scope: Scope
    rate: str = ""
    monthly: bool = False
    routes: tuple[str, ...] = ()
    exact: bool = False
    when_away: WhenAway = WhenAway.LOCAL

    @property
    def dry_run(self) -> bool:
        """It counts and tells, and refuses nobody."""
        return self.name in settings.RATE_LIMIT_DRY_RUN

    def fits(self, method: str, path: str) -> bool:
        return not self.routes or path.startswith(self.routes) or f"{method} {path}".startswith(self.routes)


RULES = (
    Rule(name="address", title="One address", scope=Scope.ADDRESS, rate="RATE_LIMIT_ADDRESS"),
    Rule(name="caller", title="One person or service account", scope=Scope.CALLER, rate="RATE_LIMIT_CALLER"),
    Rule(name="api-key", title="One API key", scope=Scope.API_KEY, rate="RATE_LIMIT_API_KEY"),
    Rule(name="company", title="The company", scope=Scope.COMPANY),
    Rule(
        name="month",
        title="The company, calls of the API in a month",
        scope=Scope.COMPANY,
        monthly=True,
        routes=("/api/",),
        when_away=WhenAway.OPEN,
    ),
    Rule(
        name="sign-in",
        title="Attempts to sign in from one address",
        scope=Scope.ADDRESS,
        rate="RATE_LIMIT_SIGN_IN",
        routes=("POST /sign-in/", "POST /admin/login/", "POST /oidc/token", "POST /oidc/device"),
        exact=True,
        when_away=WhenAway.CLOSED,
    ),
    Rule(
        name="money",
        title="Payments, captures and refunds of one person",
        scope=Scope.CALLER,
        rate="RATE_LIMIT_MONEY",
        routes=("POST /api/v1/payments", "POST /payments/"),
        exact=True,
        when_away=WhenAway.CLOSED,
    ),
)


@cache
def rate_of(text: str) -> tuple[int, int]:
    """`600/1m`: 600, and the microseconds after which one more is there, rounded up."""
    count, window_s = _split_rate(text)
    return count, -(-window_s * 1_000_000 // max(1, count))
