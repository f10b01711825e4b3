"""The plans that companies have, and what each lets them ask of the platform."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from apps.core.auth.plan_limits import PlanLimits
from apps.iam.tenants.errors import InvalidPlan

STANDARD = "standard"
PLANS = {
    limits.plan: limits
    for limits in (
        PlanLimits("trial", per_minute=600, burst=300, concurrent=4, per_month=100_000),
        PlanLimits(STANDARD, per_minute=6_000, burst=6_000, concurrent=16, per_month=10_000_000),
        PlanLimits("enterprise", per_minute=60_000, burst=30_000, concurrent=64, per_month=0),
    )
}
# What a company may have otherwise than its plan says, with the least and the most.
OVERRIDABLE = {
    "per_minute": (1, 1_000_000),
    "burst": (1, 1_000_000),
    "concurrent": (1, 1_000),
    "per_month": (0, 10_000_000_000),
}


def limits_of(plan: str, overrides: Mapping[str, int]) -> PlanLimits:
    """What a company with this plan may ask. A plan that is no longer offered counts as the standard one."""
    return _limits(plan, tuple(sorted(overrides.items())))


@lru_cache(maxsize=1_000)
def _limits(plan: str, overrides: tuple[tuple[str, int], ...]) -> PlanLimits:
    changes: dict[str, Any] = dict(overrides)
    return replace(PLANS.get(plan, PLANS[STANDARD]), **changes)


def checked(plan: str, overrides: Mapping[str, int]) -> dict[str, int]:
    """The overrides, without those that say what the plan says. Raises InvalidPlan."""
    if plan not in PLANS:
        raise InvalidPlan(errors={"plan": [f"there are {', '.join(PLANS)}"]})
    wrong = {name: [text] for name, value in overrides.items() if (text := _wrong(name, value))}
    if wrong:
        raise InvalidPlan(errors=wrong)
    return {name: value for name, value in overrides.items() if value != getattr(PLANS[plan], name)}


def _wrong(name: str, value: int) -> str:
    if name not in OVERRIDABLE:
        return "there is no such limit"
    least, most = OVERRIDABLE[name]
    fits = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
    return "" if fits else f"{least} to {most}"
