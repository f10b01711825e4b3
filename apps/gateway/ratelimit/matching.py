"""Which budgets a request touches."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Any, NamedTuple

from django.conf import settings

from apps.core.auth import Principal, api_keys
from apps.core.auth.middleware import KEY_HEADER
from apps.core.auth.plan_limits import PlanLimits
from apps.core.auth.principal import API_KEY
from apps.gateway.ratelimit.budgets import Budget
from apps.gateway.ratelimit.rules import RULES, Rule, Scope, rate_of


class Who(NamedTuple):
    """Whose budgets a request touches: "" where it has none of that kind."""

    address: str = ""
    caller: str = ""
    api_key: str = ""
    company: str = ""
    limits: PlanLimits | None = None


def who(request: Any) -> Who:
    """Of a request whose principal is known."""
    principal: Principal | None = request.principal
    address = network(str(request.META.get("REMOTE_ADDR", "")))
    if principal is None:
        return Who(address)
    company, key = str(principal.tenant_id), _key(request) if principal.method == API_KEY else ""
    return Who(address, f"{company}.{principal.subject}", key, company, principal.limits)


def budgets_of(who: Who, method: str, path: str) -> list[Budget]:
    """Of every rule that fits."""
    found = (budget_of(rule, who) for rule in RULES if rule.fits(method, path))
    return [budget for budget in found if budget is not None]


def budget_of(rule: Rule, who: Who) -> Budget | None:
    """What the rule counts of them; None where it knows nobody here, or the plan sets no limit."""
    if rule.scope is Scope.COMPANY:
        return _of_plan(rule, who.company, who.limits) if who.limits else None
    name: str = getattr(who, rule.scope)
    if not name:
        return None
    return Budget(rule, f"{rule.name}.{name}", *rate_of(getattr(settings, rule.rate)))


def _of_plan(rule: Rule, company: str, limits: PlanLimits) -> Budget | None:
    if not rule.monthly:
        return Budget(rule, f"{rule.name}.{company}", limits.burst, -(-60_000_000 // limits.per_minute))
    if not limits.per_month:
        return None
    month, ends_us = _month(int(time.time() // 60))
    return Budget(rule, f"{rule.name}.{company}.{month}", limits.per_month, 0, ends_us)


@lru_cache(maxsize=10_000)
def network(address: str) -> str:
    """The address; of IPv6 the /64 that one customer has to himself, or they would never run out of budgets."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv4Address) or parsed.ipv4_mapped:
        return str(getattr(parsed, "ipv4_mapped", None) or parsed)
    return str(ip_network(f"{parsed}/64", strict=False))


@lru_cache(maxsize=2)
def _month(minute: int) -> tuple[str, int]:
    """The calendar month of a minute since the epoch, and its end."""
    now = datetime.fromtimestamp(minute * 60, UTC)
    after = datetime(now.year + now.month // 12, now.month % 12 + 1, 1, tzinfo=UTC)
    return f"{now:%Y-%m}", int(after.timestamp()) * 1_000_000


def _key(request: Any) -> str:
    sent = request.META.get(KEY_HEADER) or request.META.get("HTTP_AUTHORIZATION", "").partition(" ")[2]
    return api_keys.digest_of(str(sent).strip())[:32]
