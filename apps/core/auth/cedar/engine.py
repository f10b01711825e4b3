"""Asks the policies. Whatever goes wrong forbids: Cedar itself skips a policy that it cannot evaluate, also one that
would have forbidden (https://docs.cedarpolicy.com/auth/authorization.html), so its errors are looked at first.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable
from threading import Lock
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string
from prometheus_client import Counter

from apps.core.auth.policy import NO_OPINION, PoliciesInForce, Question, Verdict
from apps.core.db.replicas import primary_only
from apps.core.observability import get_logger
from apps.core.tenancy import tenant

if TYPE_CHECKING:
    from apps.core.auth.cedar.compiling import Compiled, CompiledPolicy

MOST_KEPT = 500  # tenants
_BLAMED = re.compile(r"evaluating policy `([^`]+)`")
_asked = Counter("policy_evaluations_total", "Decisions that policies had a say in.", ["outcome"])
_logger = get_logger("auth.policies")
_kept: OrderedDict[UUID, tuple[UUID, Compiled]] = OrderedDict()
_lock = Lock()


class CedarPolicies:
    """The policies in force in the caller's tenant.

    The principal says at which stamp they are; what was compiled for it is kept, for the tenants that asked last. So a
    tenant without policies costs nothing, and one whose policies change is never judged by old ones.
    """

    def evaluate(self, question: Question) -> Verdict:
        stamp = question.principal.holdings.policies
        if stamp is None or not _is_asked(question):
            return NO_OPINION
        try:
            policies = _in_force(question.principal.tenant_id, stamp)
        except Exception as error:
            return _failed(question, (), f"the policies cannot be read: {error}")
        return judged(policies, question)


class TheseOnly:
    """Policies that are not in force, to ask what would be if they were."""

    def __init__(self, policies: Compiled) -> None:
        self._policies = policies

    def evaluate(self, question: Question) -> Verdict:
        return judged(self._policies, question) if _is_asked(question) else NO_OPINION


def judged(policies: Compiled, question: Question) -> Verdict:
    """What these policies say. Never raises."""
    concerned = policies.concerning(question.action)
    if not concerned:
        return NO_OPINION
    try:
        return _answer(policies, concerned, question)
    except Exception as error:
        return _failed(question, concerned, str(error))


def _is_asked(question: Question) -> bool:
    """Policies only narrow what roles allow, and do not reach what it takes to change policies."""
    return question.granted and question.action not in settings.POLICY_EXEMPT


def _answer(policies: Compiled, concerned: list[CompiledPolicy], question: Question) -> Verdict:
    import cedarpy

    from apps.core.auth.cedar.facts import facts_of

    with tenant(question.principal.tenant_id):
        facts = facts_of(
            question,
            with_resource=any(policy.asks_resource for policy in concerned),
            with_groups=any(policy.asks_groups for policy in concerned),
        )
    answer = cedarpy.is_authorized(facts.request, policies.handle, facts.entities)
    if answer.diagnostics.errors or answer.decision is cedarpy.Decision.NoDecision:
        errors = "; ".join(answer.diagnostics.errors) or "no decision"
        blamed = [policies.policies[id_] for id_ in _BLAMED.findall(errors) if id_ in policies.policies]
        return _failed(question, blamed or concerned, errors, facts.values)
    forbidding = [policies.policies[id_] for id_ in sorted(answer.diagnostics.reasons)]
    if not forbidding:
        _asked.labels("passes").inc()
        return NO_OPINION
    _asked.labels("forbids").inc()
    return _forbidden(forbidding, facts.values)


def _failed(
    question: Question, blamed: Iterable[CompiledPolicy], why: str, values: dict[str, str] | None = None
) -> Verdict:
    """Told to the process's log here, and to the security log with the refused request (`auth.denials`)."""
    _asked.labels("error").inc()
    verdict = _forbidden(list(blamed), values or {}, why[:300])
    _logger.error(
        "policies could not be evaluated",
        tenant_id=str(question.principal.tenant_id),
        permission=question.action,
        policies=[str(id_) for id_ in verdict.policy_ids],
        why=verdict.error,
    )
    return verdict


def _forbidden(policies: list[CompiledPolicy], values: dict[str, str], error: str = "") -> Verdict:
    looked_at = {path: values.get(path, "unknown") for policy in policies for path in policy.reads}
    return Verdict(
        forbids=True,
        policies=tuple(policy.name for policy in policies),
        policy_ids=tuple(policy.id for policy in policies),
        conditions=looked_at,
        error=error,
    )


def _in_force(tenant_id: UUID, stamp: UUID) -> Compiled:
    from apps.core.auth.cedar.compiling import compiled

    with _lock:
        kept = _kept.get(tenant_id)
        if kept is not None and kept[0] == stamp:
            _kept.move_to_end(tenant_id)
            return kept[1]
    with tenant(tenant_id), primary_only():  # a replica might be behind the stamp
        found: PoliciesInForce = import_string(settings.POLICY_SOURCE)()
    made = compiled(found.policies)
    with _lock:
        if found.stamp is not None:  # maybe newer than the one that was asked for: then the next request finds it here
            _kept[tenant_id] = (found.stamp, made)
            _kept.move_to_end(tenant_id)
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    return made
