"""What is used of limits at this moment: for the API and the pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from redis.exceptions import RedisError

from apps.gateway.ratelimit.budgets import Budget, Standing
from apps.gateway.ratelimit.limiter import limiter
from apps.gateway.ratelimit.matching import Who, budget_of, who
from apps.gateway.ratelimit.rules import RULES, Scope
from apps.iam.facade import iam
from apps.iam.facade.contracts import PlanInfo


@dataclass(frozen=True, slots=True)
class Usage:
    """One budget. `used` is None while it cannot be known, since Redis is away; leases count as used."""

    budget: Budget
    standing: Standing | None

    @property
    def limit(self) -> str:
        return self.budget.rule.name

    @property
    def title(self) -> str:
        return self.budget.rule.title

    @property
    def quota(self) -> int:
        return self.budget.quota

    @property
    def window_s(self) -> int | None:
        return self.budget.window_s or None

    @property
    def used(self) -> int | None:
        return self.budget.shared_quota - self.standing.left if self.standing else None

    @property
    def share(self) -> float:
        return (self.used or 0) / self.quota

    @property
    def refused(self) -> int | None:
        return self.standing.refused if self.standing else None

    @property
    def ends_at(self) -> datetime | None:
        return datetime.fromtimestamp(self.budget.ends_us / 1e6, UTC) if self.budget.ends_us else None

    @property
    def dry_run(self) -> bool:
        return self.budget.rule.dry_run


@dataclass(frozen=True, slots=True)
class CompanyUsage:
    """A company's plan, and what it uses of it."""

    plan: PlanInfo
    limits: Sequence[Usage]


def of_caller(request: Any) -> list[Usage]:
    """Every limit that counts the caller or their company. One round trip to Redis."""
    known = who(request)._replace(address="")
    return _usages([budget for rule in RULES if (budget := budget_of(rule, known))])


def of_company(tenant_id: UUID) -> CompanyUsage:
    """Raises TenantNotFound (a NotFound)."""
    return of_companies([iam.plan_of(tenant_id)])[0]


def of_companies(plans: Sequence[PlanInfo]) -> list[CompanyUsage]:
    """One round trip to Redis for all."""
    budgets = [_of_plan(one) for one in plans]
    found = iter(_usages([budget for each in budgets for budget in each]))
    return [CompanyUsage(plan, [next(found) for _ in each]) for plan, each in zip(plans, budgets, strict=True)]


def _of_plan(plan: PlanInfo) -> list[Budget]:
    known = Who(company=str(plan.tenant.id), limits=plan.limits)
    return [b for rule in RULES if rule.scope is Scope.COMPANY and (b := budget_of(rule, known))]


def _usages(budgets: list[Budget]) -> list[Usage]:
    try:
        standings: Sequence[Standing | None] = limiter().peek(budgets)
    except RedisError:
        standings = [None] * len(budgets)
    return [Usage(*pair) for pair in zip(budgets, standings, strict=True)]
