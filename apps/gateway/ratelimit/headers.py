"""`RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-11), lists of structured fields (RFC 9651).

Of each budget the policy says what it holds (`q`) and, for a bucket, what it takes to fill it (`w`); the other what is
left (`r`) and until when that is all (`t`).
"""

from __future__ import annotations

from collections.abc import Iterable

from apps.gateway.ratelimit.budgets import Budget, Standing

POLICY, STATE = "RateLimit-Policy", "RateLimit"


def policies(budgets: Iterable[Budget]) -> str:
    return ", ".join(
        f'"{one.rule.name}";q={one.quota}' + (f";w={one.window_s}" if one.window_s else "") for one in budgets
    )


def states(found: Iterable[tuple[Budget, Standing]]) -> str:
    return ", ".join(
        f'"{budget.rule.name}";r={max(0, one.left)};t={-(-one.reset_us // 1_000_000)}' for budget, one in found
    )


def used_up(budget: Budget, retry_after_s: int) -> str:
    """Of a refusal: nothing until then."""
    return f'"{budget.rule.name}";r=0;t={retry_after_s}'
