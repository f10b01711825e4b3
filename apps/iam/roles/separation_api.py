"""REST: which roles nobody may hold together."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from apps.core.api.views import Answer, ApiView, validated
from apps.core.idempotency import idempotent
from apps.iam.roles import commands, separation
from apps.iam.roles.models import CODE_LENGTH, DESCRIPTION_LENGTH, NAME_LENGTH, SeparationRule
from apps.iam.roles.permissions import RolePermission


class SeparationRuleInput(serializers.Serializer):
    name = serializers.CharField(max_length=NAME_LENGTH, help_text="What it is called in refusals.")
    reason = serializers.CharField(max_length=DESCRIPTION_LENGTH, required=False, allow_blank=True, default="")
    roles = serializers.ListField(
        child=serializers.CharField(max_length=CODE_LENGTH), min_length=2, max_length=2, help_text="Two codes."
    )


class SeparationRuleOutput(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    reason = serializers.CharField()
    roles = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()

    def get_roles(self, rule) -> list[str]:
        return [rule.first_role, rule.second_role]


class ViolationPathOutput(serializers.Serializer):
    chain = serializers.ListField(child=serializers.CharField(), help_text="From the role that is held to the rule's.")
    assignment_id = serializers.UUIDField(allow_null=True)
    group_id = serializers.UUIDField(allow_null=True)
    resource = serializers.CharField(allow_null=True)


class ViolationOutput(serializers.Serializer):
    holder_kind = serializers.CharField(help_text="user, service, group or role")
    holder_id = serializers.UUIDField(allow_null=True, help_text="Null where a role itself includes both.")
    holder = serializers.CharField()
    paths = ViolationPathOutput(many=True)
    sentence = serializers.CharField()


class JudgedRuleOutput(SeparationRuleOutput):
    violation_count = serializers.IntegerField(help_text="How many break it now: they keep what they have.")
    violations = ViolationOutput(many=True, help_text="The first fifty of them.")


class SeparationRules(ApiView):
    """GET, POST /api/v1/separation-of-duty-rules: pairs of roles that nobody may hold together, directly, by
    inheritance or by group. A new rule takes nothing from anybody: the answer lists who breaks it already.
    """

    required_permission = {"GET": RolePermission.VIEW, "POST": RolePermission.SEPARATE}
    paged = False

    @extend_schema(responses=SeparationRuleOutput(many=True))
    def get(self, request):
        return Answer(SeparationRuleOutput(separation.rules(), many=True).data)

    @extend_schema(request=SeparationRuleInput, responses={201: JudgedRuleOutput})
    @idempotent(SeparationRule)
    def post(self, request):
        wish = validated(SeparationRuleInput, request.data)
        first, second = wish.pop("roles")
        rule, violations = commands.create_rule(**wish, roles=(first, second), actor=request.actor, now=timezone.now())
        location = f"/api/v1/separation-of-duty-rules/{rule.id}"
        return Answer(_judged(rule, violations), status=201, headers={"Location": location})


class SeparationRuleDetail(ApiView):
    """GET, DELETE /api/v1/separation-of-duty-rules/{rule_id}: one rule, with who breaks it now."""

    required_permission = {"GET": RolePermission.VIEW, "DELETE": RolePermission.SEPARATE}

    @extend_schema(responses=JudgedRuleOutput)
    def get(self, request, rule_id):
        rule = separation.rule(rule_id)
        return Answer(_judged(rule, separation.violations_of(rule, now=timezone.now())))

    @extend_schema(responses={204: None})
    def delete(self, request, rule_id):
        commands.delete_rule(rule_id=rule_id, actor=request.actor, now=timezone.now())
        return Answer(status=204)


def _judged(rule, violations):
    told = separation.told(violations[: separation.MOST_TOLD])
    return {
        **SeparationRuleOutput(rule).data,
        "violation_count": len(violations),
        "violations": ViolationOutput(told, many=True).data,
    }
