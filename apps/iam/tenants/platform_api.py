"""REST: the companies, for the platform's staff and for clients that the platform owns (ADR 15)."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers

from apps.core.api.views import (
    SENSITIVE,
    ApiView,
    entity_response,
    expected_version,
    page_of,
    validated,
)
from apps.core.idempotency import idempotent
from apps.iam.approvals import commands as approvals
from apps.iam.approvals import pending
from apps.iam.tenants import commands, queries
from apps.iam.tenants.commands import NewTenant
from apps.iam.tenants.configuration import LONGEST_NAME
from apps.iam.tenants.filters import TenantFilter
from apps.iam.tenants.models import LifecycleRun, Tenant
from apps.iam.tenants.permissions import TenantsPermission
from apps.iam.users.names import EMAIL_LENGTH, NAME_LENGTH

_PATH = "/api/v1/tenants"


class ProgressOutput(serializers.Serializer):
    steps_done = serializers.ListField(child=serializers.CharField())
    failed_step = serializers.CharField(help_text="Where it stopped; empty where it did not.")
    failure = serializers.CharField()
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class PlatformTenantOutput(serializers.Serializer):
    id = serializers.UUIDField()
    slug = serializers.CharField()
    name = serializers.CharField()
    status = serializers.ChoiceField(choices=Tenant.Status.choices)
    default_currency = serializers.CharField()
    locale = serializers.CharField()
    time_zone = serializers.CharField()
    deletion_due_at = serializers.DateTimeField(allow_null=True, help_text="When its data is going to be erased.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    version = serializers.IntegerField()


class TenantDetailOutput(PlatformTenantOutput):
    provisioning = serializers.SerializerMethodField()
    erasure = serializers.SerializerMethodField()

    @extend_schema_field(ProgressOutput(allow_null=True))
    def get_provisioning(self, company):
        return _progress(company, LifecycleRun.Kind.PROVISION)

    @extend_schema_field(ProgressOutput(allow_null=True))
    def get_erasure(self, company):
        return _progress(company, LifecycleRun.Kind.ERASE)


class CreatedTenantOutput(TenantDetailOutput):
    one_time_password = serializers.CharField(
        allow_null=True,
        help_text="The first owner's password, where the installation sends no mail. In the first answer only.",
    )


class NewTenantInput(serializers.Serializer):
    slug = serializers.CharField(max_length=63, help_text="Small letters, digits, hyphens. Never changes.")
    name = serializers.CharField(max_length=LONGEST_NAME)
    default_currency = serializers.CharField(max_length=3, help_text="ISO 4217 code.")
    owner_email = serializers.EmailField(max_length=EMAIL_LENGTH, help_text="Who is invited as the first owner.")
    owner_name = serializers.CharField(max_length=NAME_LENGTH)
    time_zone = serializers.CharField(max_length=64, required=False, help_text="IANA time zone; default UTC.")
    locale = serializers.CharField(max_length=16, required=False, help_text="Language tag; default en-GB.")
    with_demo = serializers.BooleanField(required=False, default=False, help_text="Fill it with demonstration data.")


class TenantChanges(serializers.Serializer):
    name = serializers.CharField(max_length=LONGEST_NAME, required=False)
    default_currency = serializers.CharField(max_length=3, required=False)
    locale = serializers.CharField(max_length=16, required=False)
    time_zone = serializers.CharField(max_length=64, required=False)
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True)


class ReasonInput(serializers.Serializer):
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, help_text="Kept in the log.")


class Tenants(ApiView):
    """GET, POST /api/v1/tenants: every company; let one join."""

    required_permission = {"GET": TenantsPermission.VIEW, "POST": TenantsPermission.MANAGE}
    filterset_class = TenantFilter
    sortable = ("slug", "created_at")

    @extend_schema(responses=PlatformTenantOutput(many=True))
    def get(self, request):
        return page_of(request, queries.all_tenants(), PlatformTenantOutput)

    @extend_schema(
        request=NewTenantInput,
        responses={201: CreatedTenantOutput},
        examples=[
            OpenApiExample(
                "A company and its first owner",
                value={
                    "slug": "acme",
                    "name": "Acme Trading",
                    "default_currency": "GBP",
                    "owner_email": "ada@acme.example",
                    "owner_name": "Ada King",
                    "time_zone": "Europe/London",
                },
                request_only=True,
            )
        ],
    )
    def post(self, request):
        """Let a company join: settings, the first owner by invitation, then it is open. Takes about a second.

        Demonstration data follows within minutes; `provisioning` of the company says how far it has come.
        """
        answer = self._create(request)
        if answer.status_code == 201:
            # Added behind the memory for repeated requests, which must not keep a password.
            answer.data = {**answer.data, "one_time_password": getattr(request, "one_time_password", None)}
        return answer

    post.idempotent = True  # type: ignore[attr-defined]  # for the schema: see `_create`

    @idempotent(Tenant)
    def _create(self, request):
        values = validated(NewTenantInput, request.data)
        settings = {name: values.pop(name) for name in ("time_zone", "locale") if name in values}
        new = NewTenant(**values, settings=settings)
        made = commands.provision_tenant(new=new, actor=request.actor, now=timezone.now(), jobs=True)
        request.one_time_password = made.one_time_password
        location = f"{_PATH}/{made.tenant.id}"
        return entity_response(request, made.tenant, TenantDetailOutput, status=201, location=location)


class TenantDetail(ApiView):
    """GET, PATCH /api/v1/tenants/{tenant_id}: one company."""

    required_permission = {"GET": TenantsPermission.VIEW, "PATCH": TenantsPermission.MANAGE}
    versioned = True

    @extend_schema(responses=TenantDetailOutput)
    def get(self, request, tenant_id):
        return _answer(request, tenant_id)

    @extend_schema(request=TenantChanges, responses=TenantDetailOutput)
    def patch(self, request, tenant_id):
        """Change the settings that are named, as a new version of the company's configuration."""
        values = validated(TenantChanges, request.data)
        reason = values.pop("reason", "")
        commands.configure_for(
            tenant_id=tenant_id,
            changes=values,
            actor=request.actor,
            now=timezone.now(),
            reason=reason,
            expected_tenant_version=expected_version(request),
        )
        return _answer(request, tenant_id)


class Provisioning(ApiView):
    """POST /api/v1/tenants/{tenant_id}/provisioning: carry on with a provisioning that was interrupted."""

    required_permission = TenantsPermission.MANAGE

    @extend_schema(request=None, responses=TenantDetailOutput)
    def post(self, request, tenant_id):
        commands.resume_provisioning(tenant_id=tenant_id, now=timezone.now())
        return _answer(request, tenant_id)


class Suspension(ApiView):
    """POST /api/v1/tenants/{tenant_id}/suspension: keep everybody of a company out, at once."""

    required_permission = TenantsPermission.MANAGE
    step_up = SENSITIVE

    @extend_schema(request=ReasonInput, responses=TenantDetailOutput)
    def post(self, request, tenant_id):
        commands.suspend_tenant(tenant_id=tenant_id, reason=validated(ReasonInput, request.data).get("reason", ""))
        return _answer(request, tenant_id)


class Reinstatement(ApiView):
    """POST /api/v1/tenants/{tenant_id}/reinstatement: let the people of a suspended company in again."""

    required_permission = TenantsPermission.MANAGE

    @extend_schema(request=ReasonInput, responses=TenantDetailOutput)
    def post(self, request, tenant_id):
        commands.reinstate_tenant(tenant_id=tenant_id, reason=validated(ReasonInput, request.data).get("reason", ""))
        return _answer(request, tenant_id)


class Deletion(ApiView):
    """POST, DELETE /api/v1/tenants/{tenant_id}/deletion: ask that a company be deleted; call it off.

    Two of the platform's staff are needed: the answer is 202 with the request for approval. After the approval the
    data are erased when the waiting time is over (`deletion_due_at`), and until then one person may call it off.
    """

    required_permission = {"POST": TenantsPermission.DELETE, "DELETE": TenantsPermission.DELETE}
    step_up = SENSITIVE

    @extend_schema(request=ReasonInput, responses={200: TenantDetailOutput, 202: pending.ApprovalOutput})
    def post(self, request, tenant_id):
        reason = validated(ReasonInput, request.data).get("reason", "")
        facts = {"actor": request.actor, "now": timezone.now(), "reason": reason}
        outcome = approvals.done_or_requested(lambda: commands.plan_deletion(tenant_id=tenant_id, **facts), **facts)
        if pending.is_pending(outcome):
            return pending.accepted(request, outcome)
        return _answer(request, tenant_id)

    @extend_schema(responses=TenantDetailOutput)
    def delete(self, request, tenant_id):
        commands.cancel_deletion(tenant_id=tenant_id, actor=request.actor)
        return _answer(request, tenant_id)


def _answer(request, tenant_id):
    return entity_response(request, queries.tenant_by_id(tenant_id), TenantDetailOutput)


def _progress(company, kind):
    run = queries.run_of(company.id, kind)
    return ProgressOutput(run).data if run else None
