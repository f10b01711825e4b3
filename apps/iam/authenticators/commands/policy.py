"""What a tenant asks of its people when they sign in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.core.tenancy import require_tenant_id
from apps.iam.audit.commands import record_security_event
from apps.iam.audit.kinds import Kind as Happening
from apps.iam.authenticators.commands.limits import check_version
from apps.iam.authenticators.errors import InvalidPolicy
from apps.iam.authenticators.models import Kind, SignInPolicy
from apps.iam.roles import queries as roles
from apps.iam.tenants import queries as tenants

MOST_GRACE_DAYS = 90
SHORTEST_SESSION_S, LONGEST_SESSION_S = 300, 30 * 24 * 3600
_FIELDS = ("mfa", "mfa_roles", "grace_days", "methods", "session_max_s")


def change_policy(*, actor: Actor, now: datetime, expected_version: int | None = None, **changes: Any) -> SignInPolicy:
    """Change what the current tenant asks: `mfa`, `mfa_roles`, `grace_days`, `methods`, `session_max_s`. What is left
    out stays. Safe to repeat: what changes nothing is not recorded.

    Whoever signs in next is asked for what is missing. Raises InvalidPolicy, UnknownRole, PreconditionFailed.
    """
    with unit_of_work(SignInPolicy, actor=actor):
        tenants.lock_tenant(require_tenant_id())  # there may be no policy yet that could be locked
        policy = SignInPolicy.objects.in_tenant().select_for_update().first() or SignInPolicy(version=0)
        check_version(policy.version, expected_version)
        before = _facts(policy)
        for name in _FIELDS:
            if name in changes:
                setattr(policy, name, changes[name])
        _tidy(policy)
        _validate(policy)
        after = _facts(policy)
        if after == before:
            return policy
        _mark_start(policy, before, now)
        if policy.version == 0:
            policy.version = 1
        policy.save()
        record_security_event(
            Happening.SETTINGS_CHANGED, subject_id=policy.tenant_id, actor=actor, details=_told(before, after)
        )
    return policy


def _facts(policy: SignInPolicy) -> dict[str, Any]:
    return {name: getattr(policy, name) for name in _FIELDS}


def _tidy(policy: SignInPolicy) -> None:
    policy.mfa_roles = sorted(set(policy.mfa_roles)) if policy.mfa == SignInPolicy.Mfa.ROLES else []
    policy.methods = [kind for kind in Kind.values if kind in policy.methods] or list(policy.methods)


def _validate(policy: SignInPolicy) -> None:
    wrong = {}
    if policy.mfa not in SignInPolicy.Mfa.values:
        wrong["mfa"] = [f"one of {', '.join(SignInPolicy.Mfa.values)}"]
    if policy.mfa == SignInPolicy.Mfa.ROLES and not policy.mfa_roles:
        wrong["mfa_roles"] = ["name at least one role"]
    if not policy.methods or not set(policy.methods) <= set(Kind.values):
        wrong["methods"] = [f"at least one of {', '.join(Kind.values)}"]
    if not 0 <= policy.grace_days <= MOST_GRACE_DAYS:
        wrong["grace_days"] = [f"0 to {MOST_GRACE_DAYS}"]
    longest = policy.session_max_s
    if longest is not None and not SHORTEST_SESSION_S <= longest <= LONGEST_SESSION_S:
        wrong["session_max_s"] = [f"{SHORTEST_SESSION_S} to {LONGEST_SESSION_S} seconds"]
    if wrong:
        raise InvalidPolicy(errors=wrong)
    roles.roles_by_code(policy.mfa_roles)


def _mark_start(policy: SignInPolicy, before: dict[str, Any], now: datetime) -> None:
    """The grace begins when more people than before are asked."""
    if policy.mfa == SignInPolicy.Mfa.OPTIONAL:
        policy.mfa_since = None
    elif policy.mfa_since is None or (policy.mfa, policy.mfa_roles) != (before["mfa"], before["mfa_roles"]):
        policy.mfa_since = now


def _told(before: dict[str, Any], after: dict[str, Any]) -> dict[str, str]:
    changed = {
        name: f"{_text(before[name])} -> {_text(after[name])}" for name in _FIELDS if before[name] != after[name]
    }
    return {"settings": "sign_in", **changed}


def _text(value: Any) -> str:
    return ", ".join(value) if isinstance(value, Sequence) and not isinstance(value, str) else str(value)
