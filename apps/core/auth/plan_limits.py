"""What a company's plan lets it ask of the platform. The values are the tenant's (iam); who refuses is the gateway."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlanLimits:
    """`per_minute` in the long run, `burst` at once; `concurrent` requests under way in one web process."""

    plan: str
    per_minute: int
    burst: int
    concurrent: int
    per_month: int
    """Calls of the API in a calendar month (UTC); 0: as many as there may be."""
