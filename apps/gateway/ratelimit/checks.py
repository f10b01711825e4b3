"""Wrong rates are found at the start, not by the first request."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from apps.gateway.ratelimit.rules import RULES, rate_of


@register()
def rates_are_rates(**_: Any) -> list[CheckMessage]:
    """Each names a number of requests, at least one, and a time: `600/1m`."""
    named = {rule.rate: getattr(settings, rule.rate) for rule in RULES if rule.rate}
    wrong = [name for name, text in named.items() if not _is_rate(text)]
    return [Error(f"{name} is no rate such as 600/1m: {named[name]}", id="ratelimit.E001") for name in wrong]


@register()
def trials_are_of_rules(**_: Any) -> list[CheckMessage]:
    """A misspelt name would go on refusing."""
    unknown = sorted(set(settings.RATE_LIMIT_DRY_RUN) - {rule.name for rule in RULES})
    there_are = ", ".join(rule.name for rule in RULES)
    text = f"RATE_LIMIT_DRY_RUN names {', '.join(unknown)}; there are {there_are}"
    return [Error(text, id="ratelimit.E002")] if unknown else []


def _is_rate(text: str) -> bool:
    try:
        return rate_of(text)[0] > 0
    except (TypeError, ValueError, AttributeError):
        return False
