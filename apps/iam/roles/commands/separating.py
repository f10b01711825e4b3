"""Keep two roles apart; let them be held together again."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.iam.roles import queries, separation
from apps.iam.roles.errors import InvalidRule, RuleExists
from apps.iam.roles.events import SeparationRuleCreated, SeparationRuleDeleted
from apps.iam.roles.models import DESCRIPTION_LENGTH, NAME_LENGTH, SeparationRule


def create_rule(
    *, name: str, roles: tuple[str, str], reason: str = "", actor: Actor, now: datetime
) -> tuple[SeparationRule, list[separation.Violation]]:
    """From now on nobody may be given both roles. Returns the rule, and who breaks it already: they keep what they
    have until somebody takes it. Raises InvalidRule, UnknownRole, RuleExists.
    """
    first, second = sorted(roles)
    _validate(name, reason, first, second)
    queries.roles_by_code([first, second])
    with unit_of_work(SeparationRule, actor=actor) as work:
        separation.lock()  # whoever is giving roles now is seen below, or sees the rule
        if SeparationRule.objects.in_tenant().filter(first_role=first, second_role=second).exists():
            raise RuleExists
        rule = SeparationRule(name=name.strip(), reason=reason.strip(), first_role=first, second_role=second)
        rule.save()
        work.publish(SeparationRuleCreated(separation_rule_id=rule.id, name=rule.name, roles=(first, second)))
        return rule, separation.violations_of(rule, now=now)


def delete_rule(*, rule_id: UUID, actor: Actor, now: datetime) -> None:
    """Let both roles be held together again. Safe to repeat. Raises RuleNotFound."""
    with unit_of_work(SeparationRule, actor=actor) as work:
        rule = separation.lock_rule(rule_id)
        if rule.is_deleted:
            return
        rule.soft_delete(at=now, by=actor.id)
        rule.save(update_fields=["deleted_at", "deleted_by", "deletion_id"])
        pair = (rule.first_role, rule.second_role)
        work.publish(SeparationRuleDeleted(separation_rule_id=rule.id, name=rule.name, roles=pair))


def _validate(name: str, reason: str, first: str, second: str) -> None:
    wrong = {}
    if not name.strip() or len(name) > NAME_LENGTH or "\x00" in name:
        wrong["name"] = [f"1 to {NAME_LENGTH} characters"]
    if len(reason) > DESCRIPTION_LENGTH or "\x00" in reason:
        wrong["reason"] = [f"at most {DESCRIPTION_LENGTH} characters"]
    if first == second:
        wrong["roles"] = ["two different roles"]
    if wrong:
        raise InvalidRule(errors=wrong)
