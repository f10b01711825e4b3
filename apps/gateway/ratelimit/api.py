"""REST: limits and what is used of them, for companies and for the platform's staff, who change plans."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers

from apps.core.api.views import SENSITIVE, Answer, ApiView, validated
from apps.gateway.ratelimit import usage
from apps.gateway.ratelimit.permissions import LimitPermission, LimitsPermission
from apps.iam.facade import iam


class LimitOutput(serializers.Serializer):
    limit = serializers.CharField(help_text="Its name in `RateLimit-Policy` and in refusals.")
    title = serializers.CharField()
    quota = serializers.IntegerField(help_text="How many requests there may be at once, or in the month.")
    window_s = serializers.IntegerField(
        allow_null=True, help_text="What it takes until all are there again, in seconds; null: the month."
    )
    used = serializers.IntegerField(allow_null=True, help_text="Null while it cannot be known.")
    refused = serializers.IntegerField(allow_null=True, help_text="Requests refused in the last day or so.")
    ends_at = serializers.DateTimeField(allow_null=True, help_text="When the month ends.")
    dry_run = serializers.BooleanField(help_text="It counts, and refuses nobody.")


class PlanOutput(serializers.Serializer):
    plan = serializers.CharField()
    per_minute = serializers.IntegerField(help_text="In the long run.")
    burst = serializers.IntegerField(help_text="At once.")
    concurrent = serializers.IntegerField(help_text="Under way at once in one web process.")
    per_month = serializers.IntegerField(help_text="Calls of the API in a calendar month (UTC); 0: no limit.")


class CompanyLimitsOutput(serializers.Serializer):
    tenant_id = serializers.UUIDField(source="plan.tenant.id")
    slug = serializers.CharField(source="plan.tenant.slug")
    name = serializers.CharField(source="plan.tenant.name")
    plan = PlanOutput(source="plan.limits")
    overrides = serializers.DictField(
        source="plan.overrides", child=serializers.IntegerField(), help_text="Limits that differ from the plan's."
    )
    limits = LimitOutput(many=True)


class PlanInput(serializers.Serializer):
    plan = serializers.CharField(max_length=32)
    overrides = serializers.DictField(
        child=serializers.IntegerField(),
        required=False,
        help_text="`per_minute`, `burst`, `concurrent`, `per_month`; they replace all there were.",
    )
    reason = serializers.CharField(max_length=500)


class Limits(ApiView):
    """GET /api/v1/limits: the limits that the caller and their company have, and what is used of them now."""

    required_permission = LimitPermission.VIEW
    paged = False

    @extend_schema(responses=LimitOutput(many=True))
    def get(self, request: Any) -> Answer:
        return Answer(LimitOutput(usage.of_caller(request), many=True).data)


class CompanyLimits(ApiView):
    """GET, PUT /api/v1/tenants/{tenant_id}/limits: a company's plan and what is used of it; give it another plan."""

    required_permission = {"GET": LimitsPermission.VIEW, "PUT": LimitsPermission.MANAGE}
    step_up = SENSITIVE

    @extend_schema(responses=CompanyLimitsOutput)
    def get(self, request: Any, tenant_id: UUID) -> Answer:
        return Answer(CompanyLimitsOutput(usage.of_company(tenant_id)).data)

    @extend_schema(
        request=PlanInput,
        responses=CompanyLimitsOutput,
        examples=[
            OpenApiExample(
                "A larger month",
                value={"plan": "standard", "overrides": {"per_month": 20_000_000}, "reason": "contract of May"},
                request_only=True,
            )
        ],
    )
    def put(self, request: Any, tenant_id: UUID) -> Answer:
        """It holds from the company's next request on, in every process."""
        wish = validated(PlanInput, request.data)
        iam.change_plan(tenant_id, **{"overrides": {}, **wish}, actor=request.actor)
        return Answer(CompanyLimitsOutput(usage.of_company(tenant_id)).data)
