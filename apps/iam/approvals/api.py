"""REST: what waits for a second person, and the decision on it. A request is made by the change itself, which is then
answered with 202 and the request's address.
"""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers

from apps.core.api.views import AUTHENTICATED, PERSONAL, SENSITIVE, ApiView, entity_response, page_of, validated
from apps.iam.approvals import commands, queries
from apps.iam.approvals.filters import ApprovalFilter
from apps.iam.approvals.kinds import label_of_kind
from apps.iam.approvals.models import ApprovalRequest


class ApprovalOutput(serializers.Serializer):
    id = serializers.UUIDField()
    kind = serializers.CharField(help_text="The kind of change, as features declare it: `roles.assign_owner`.")
    kind_label = serializers.SerializerMethodField()
    status = serializers.ChoiceField(choices=ApprovalRequest.Status.choices)
    summary = serializers.CharField(help_text="The change in words.")
    subject_id = serializers.UUIDField(help_text="Whom or what the change is about.")
    payload = serializers.DictField(help_text="The change itself, exactly as it was asked for.")
    reason = serializers.CharField()
    requested_by = serializers.UUIDField()
    requested_by_name = serializers.CharField()
    requested_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(help_text="Until then somebody must decide.")
    decided_by = serializers.UUIDField(allow_null=True)
    decided_by_name = serializers.CharField()
    decided_at = serializers.DateTimeField(allow_null=True)
    decision_reason = serializers.CharField()
    closed_at = serializers.DateTimeField(allow_null=True)
    failure = serializers.CharField(help_text="Why an approved change could not be made.")
    may_decide = serializers.SerializerMethodField(help_text="Whether the caller could approve or refuse it.")
    version = serializers.IntegerField()

    @extend_schema_field(serializers.CharField())
    def get_kind_label(self, request):
        return label_of_kind(request.kind)

    @extend_schema_field(serializers.BooleanField())
    def get_may_decide(self, request):
        principal = getattr(self.context.get("request"), "principal", None)
        return principal is not None and queries.may_decide(principal, request, now=timezone.now())


class DecisionInput(serializers.Serializer):
    reason = serializers.CharField(
        max_length=500, required=False, allow_blank=True, help_text="Shown to whoever asked."
    )


class Approvals(ApiView):
    """GET /api/v1/approvals: what was asked for, newest first. Without `approvals.view`: what the caller asked for."""

    required_permission = AUTHENTICATED
    filterset_class = ApprovalFilter
    sortable = ("requested_at", "expires_at")

    @extend_schema(responses=ApprovalOutput(many=True))
    def get(self, request):
        return page_of(request, queries.approvals(request.principal), ApprovalOutput)


class ApprovalDetail(ApiView):
    """GET /api/v1/approvals/{approval_id}: one request."""

    required_permission = AUTHENTICATED
    versioned = True

    @extend_schema(responses=ApprovalOutput)
    def get(self, request, approval_id):
        return entity_response(request, queries.approval(approval_id, request.principal), ApprovalOutput)


class Approval(ApiView):
    """POST /api/v1/approvals/{approval_id}/approval: let the change happen.

    For somebody else than whoever asked, with the permission that the kind of change names. The answer says how it
    went: `executed`; `failed`, when the change is no longer possible; `approved`, when it is under way.
    """

    required_permission = PERSONAL
    step_up = SENSITIVE

    @extend_schema(request=DecisionInput, responses=ApprovalOutput)
    def post(self, request, approval_id):
        decided = commands.approve(approval_id=approval_id, **_decision(request))
        return entity_response(request, decided, ApprovalOutput)


class Refusal(ApiView):
    """POST /api/v1/approvals/{approval_id}/refusal: close the request; nothing is changed."""

    required_permission = PERSONAL

    @extend_schema(request=DecisionInput, responses=ApprovalOutput)
    def post(self, request, approval_id):
        decided = commands.refuse(approval_id=approval_id, **_decision(request))
        return entity_response(request, decided, ApprovalOutput)


class Withdrawal(ApiView):
    """POST /api/v1/approvals/{approval_id}/withdrawal: take back what one asked for."""

    required_permission = AUTHENTICATED

    @extend_schema(request=None, responses=ApprovalOutput)
    def post(self, request, approval_id):
        withdrawn = commands.withdraw_approval(approval_id=approval_id, actor=request.actor, now=timezone.now())
        return entity_response(request, withdrawn, ApprovalOutput)


def _decision(request):
    reason = validated(DecisionInput, request.data).get("reason", "")
    return {"reason": reason, "actor": request.actor, "now": timezone.now()}
