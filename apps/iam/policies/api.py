"""REST: what a company forbids under which circumstances, checked and tried before it holds."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers

from apps.core.api.views import SENSITIVE, Answer, ApiView, entity_response, expected_version, page_of, validated
from apps.core.auth.cedar.schema import schema_text
from apps.core.idempotency import idempotent
from apps.iam.approvals import commands as approvals
from apps.iam.approvals import pending
from apps.iam.policies import checking, commands, preview, queries, rules
from apps.iam.policies.content import PolicyContent
from apps.iam.policies.filters import PolicyFilter
from apps.iam.policies.models import DESCRIPTION_LENGTH, NAME_LENGTH, TEXT_LENGTH, Policy
from apps.iam.policies.permissions import PolicyPermission

_TEXT = 'forbid (principal in Role::"clerk", action == Action::"orders.cancel", resource is Order)\n'
_TEXT += "when { resource.amount > 100000 };"


class HoursFields(serializers.Serializer):
    def get_fields(self):
        return {
            "from": serializers.IntegerField(min_value=0, max_value=23, help_text="Full hour, company's time zone."),
            "to": serializers.IntegerField(min_value=1, max_value=24, help_text="Full hour, not included."),
        }


class _Texts(serializers.ListField):
    child = serializers.CharField(max_length=100)


class ConditionFields(serializers.Serializer):
    amount_over = serializers.IntegerField(
        required=False, min_value=0, max_value=2**62, help_text="Minor units: 100000 is 1,000.00 EUR."
    )
    owner = serializers.ChoiceField(["self", "others"], required=False, help_text="Whose object it is.")
    status = _Texts(required=False, max_length=rules.MOST_NAMED, help_text="The object is in one of these.")
    outside_networks = _Texts(required=False, max_length=rules.MOST_NAMED, help_text="Such as 10.0.0.0/8.")
    outside_hours = HoursFields(required=False)
    outside_weekdays = _Texts(required=False, max_length=7, help_text="mon, tue, wed, thu, fri, sat, sun")
    below_acr = serializers.ChoiceField(["aal1", "aal2"], required=False, help_text="aal2: without a second factor.")
    signed_in_longer_than_s = serializers.IntegerField(required=False, min_value=1, max_value=365 * 86400)
    method = _Texts(required=False, max_length=3, help_text="session, bearer, api_key")
    impersonated = serializers.BooleanField(required=False, help_text="Somebody else acts in their name.")


class RuleFields(serializers.Serializer):
    permissions = _Texts(required=False, max_length=rules.MOST_NAMED, help_text="Codes; empty: all.")
    resource = serializers.CharField(
        required=False, allow_blank=True, max_length=40, help_text="order, product, customer, group; empty: everything."
    )
    roles = _Texts(required=False, max_length=rules.MOST_NAMED, help_text="Whom it is about; empty: everybody.")
    groups = _Texts(required=False, max_length=rules.MOST_NAMED, help_text="Ids of groups, beside the roles.")
    when = ConditionFields(required=False, help_text="All of these at once.")


class AccessPolicyChanges(serializers.Serializer):
    name = serializers.CharField(max_length=NAME_LENGTH, required=False)
    description = serializers.CharField(max_length=DESCRIPTION_LENGTH, required=False, allow_blank=True)
    text = serializers.CharField(
        max_length=TEXT_LENGTH, required=False, trim_whitespace=False, help_text="One `forbid (…)` in Cedar."
    )
    rule = RuleFields(required=False, help_text="In the place of a text: the text is made of it.")
    enabled = serializers.BooleanField(required=False, help_text="It holds while it is.")

    def validate(self, attrs):
        if attrs.get("text") and "rule" in attrs:
            raise serializers.ValidationError({"rule": "give a text or a rule, not both"})
        return attrs


class AccessPolicyInput(AccessPolicyChanges):
    name = serializers.CharField(max_length=NAME_LENGTH, help_text="What refusals call it.")
    enabled = serializers.BooleanField(default=True, help_text="It holds while it is.")

    def validate(self, attrs):
        attrs = super().validate(attrs)
        if not attrs.get("text") and "rule" not in attrs:
            raise serializers.ValidationError({"text": "give a text or a rule"})
        return attrs


class AccessPolicyOutput(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    description = serializers.CharField()
    text = serializers.CharField(help_text="In Cedar.")
    rule = RuleFields(allow_null=True, help_text="What the text was made of; null when it was written by hand.")
    enabled = serializers.BooleanField()
    version = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    deleted_at = serializers.DateTimeField(allow_null=True)


class PolicyProblemOutput(serializers.Serializer):
    line = serializers.IntegerField()
    column = serializers.IntegerField()
    message = serializers.CharField()
    help = serializers.CharField()


class PolicyTextInput(serializers.Serializer):
    text = serializers.CharField(max_length=TEXT_LENGTH, trim_whitespace=False, allow_blank=True)


class PolicyCheckOutput(serializers.Serializer):
    valid = serializers.BooleanField()
    problems = PolicyProblemOutput(many=True)


class PolicySchemaOutput(serializers.Serializer):
    schema = serializers.CharField(help_text="In Cedar's schema language.")


class TurnedSubjectOutput(serializers.Serializer):
    kind = serializers.CharField(help_text="user or service")
    id = serializers.UUIDField()
    name = serializers.CharField()


class TurnedDecisionOutput(serializers.Serializer):
    at = serializers.DateTimeField(help_text="When it was asked for.")
    subject = TurnedSubjectOutput()
    permission = serializers.CharField()
    permission_label = serializers.CharField()
    resource = serializers.CharField(help_text="order:<id>; empty for the company as a whole.")
    becomes = serializers.CharField(help_text="denied or allowed")
    policies = serializers.ListField(child=serializers.CharField(), help_text="Those that deny it, now or then.")
    conditions = serializers.DictField(child=serializers.CharField(), help_text="What they looked at.")
    error = serializers.CharField(help_text="Why they could not be evaluated, which denies; empty where they could.")


class PolicyPreviewOutput(serializers.Serializer):
    text = serializers.CharField(help_text="The policy in Cedar, as it would be in force.")
    available = serializers.BooleanField(help_text="False while recent decisions cannot be read.")
    looked_at = serializers.IntegerField(help_text="Recent decisions that it was tried on.")
    since = serializers.DateTimeField(allow_null=True, help_text="The oldest of them.")
    denied = serializers.IntegerField(help_text="How many of them would be denied from then on.")
    allowed = serializers.IntegerField(help_text="How many would be allowed again.")
    people = serializers.IntegerField(help_text="How many people and service accounts that is.")
    turned = TurnedDecisionOutput(many=True, help_text="The newest hundred of both.")


_BY_HAND = OpenApiExample("In Cedar", {"name": "Large cancellations", "text": _TEXT}, request_only=True)
_AS_RULE = OpenApiExample(
    "As a rule",
    {
        "name": "Large cancellations",
        "rule": {"permissions": ["orders.cancel"], "resource": "order", "when": {"amount_over": 100000}},
    },
    request_only=True,
)
_OUTCOMES = {200: AccessPolicyOutput, 202: pending.ApprovalOutput}


class Policies(ApiView):
    """GET, POST /api/v1/policies: what the company forbids; make a policy.

    Policies narrow what roles allow, from the next request on. Each change takes a second person while there is one:
    202 with the request for approval.
    """

    required_permission = {"GET": PolicyPermission.VIEW, "POST": PolicyPermission.MANAGE}
    step_up = SENSITIVE
    filterset_class = PolicyFilter

    @extend_schema(responses=AccessPolicyOutput(many=True))
    def get(self, request):
        return page_of(request, queries.policies(), AccessPolicyOutput)

    @extend_schema(
        request=AccessPolicyInput,
        responses={201: AccessPolicyOutput, 202: pending.ApprovalOutput},
        examples=[_BY_HAND, _AS_RULE],
    )
    @idempotent(Policy)
    def post(self, request):
        content, facts = PolicyContent(**validated(AccessPolicyInput, request.data)), _facts(request)
        outcome = approvals.done_or_requested(lambda: commands.create_policy(content=content, **facts), **facts)
        if pending.is_pending(outcome):
            return pending.accepted(request, outcome)
        return entity_response(
            request, outcome, AccessPolicyOutput, status=201, location=f"/api/v1/policies/{outcome.id}"
        )


class PolicyDetail(ApiView):
    """GET, PATCH, DELETE /api/v1/policies/{policy_id}: one policy; a deleted one can still be read, and restored."""

    required_permission = {
        "GET": PolicyPermission.VIEW,
        "PATCH": PolicyPermission.MANAGE,
        "DELETE": PolicyPermission.MANAGE,
    }
    step_up = SENSITIVE
    versioned = True

    @extend_schema(responses=AccessPolicyOutput)
    def get(self, request, policy_id):
        return entity_response(request, queries.policy(policy_id), AccessPolicyOutput)

    @extend_schema(request=AccessPolicyChanges, responses=_OUTCOMES)
    def patch(self, request, policy_id):
        """Change a policy, or switch it on or off (`enabled`)"""
        wished, version, facts = (
            validated(AccessPolicyChanges, request.data),
            expected_version(request),
            _facts(request),
        )
        outcome = approvals.done_or_requested(
            lambda: commands.update_policy(policy_id=policy_id, wished=wished, expected_version=version, **facts),
            **facts,
        )
        return _answer(request, outcome)

    @extend_schema(responses={204: None, 202: pending.ApprovalOutput})
    def delete(self, request, policy_id):
        """Take a policy out of use"""
        version, facts = expected_version(request), _facts(request)
        outcome = approvals.done_or_requested(
            lambda: commands.delete_policy(policy_id=policy_id, expected_version=version, **facts), **facts
        )
        return pending.accepted(request, outcome) if pending.is_pending(outcome) else Answer(status=204)


class PolicyRestoration(ApiView):
    """POST /api/v1/policies/{policy_id}/restoration: bring a deleted policy back, in force if it is enabled."""

    required_permission = PolicyPermission.MANAGE
    step_up = SENSITIVE

    @extend_schema(request=None, responses=_OUTCOMES)
    def post(self, request, policy_id):
        facts = _facts(request)
        outcome = approvals.done_or_requested(lambda: commands.restore_policy(policy_id=policy_id, **facts), **facts)
        return _answer(request, outcome)


class NewPolicyPreview(ApiView):
    """POST /api/v1/policies/preview: which recent decisions would a new policy turn, whose, and why? Saves nothing."""

    required_permission = PolicyPermission.MANAGE

    @extend_schema(request=AccessPolicyInput, responses=PolicyPreviewOutput, examples=[_BY_HAND, _AS_RULE])
    def post(self, request):
        content = PolicyContent(**validated(AccessPolicyInput, request.data))
        return Answer(PolicyPreviewOutput(preview.of_policy(content, now=timezone.now())).data)


class PolicyPreview(ApiView):
    """POST /api/v1/policies/{policy_id}/preview: the same of a change, before it is made."""

    required_permission = PolicyPermission.MANAGE

    @extend_schema(request=AccessPolicyChanges, responses=PolicyPreviewOutput)
    def post(self, request, policy_id):
        wished = validated(AccessPolicyChanges, request.data)
        content = PolicyContent.of(queries.policy(policy_id)).changed(**wished)
        return Answer(PolicyPreviewOutput(preview.of_policy(content, policy_id=policy_id, now=timezone.now())).data)


class PolicyValidation(ApiView):
    """POST /api/v1/policies/validation: is this text a policy, and if not, where is what wrong? Saves nothing."""

    required_permission = PolicyPermission.VIEW

    @extend_schema(
        request=PolicyTextInput,
        responses=PolicyCheckOutput,
        examples=[OpenApiExample("A text", {"text": _TEXT}, request_only=True)],
    )
    def post(self, request):
        problems = checking.problems_here(validated(PolicyTextInput, request.data)["text"])
        return Answer(PolicyCheckOutput({"valid": not problems, "problems": problems}).data)


class PolicySchema(ApiView):
    """GET /api/v1/policies/schema: every permission, kind of object, and attribute that a policy may name."""

    required_permission = PolicyPermission.VIEW

    @extend_schema(responses=PolicySchemaOutput)
    def get(self, request):
        return Answer(PolicySchemaOutput({"schema": schema_text()}).data)


def _facts(request):
    return {"actor": request.actor, "now": timezone.now()}


def _answer(request, outcome):
    if pending.is_pending(outcome):
        return pending.accepted(request, outcome)
    return entity_response(request, outcome, AccessPolicyOutput)
