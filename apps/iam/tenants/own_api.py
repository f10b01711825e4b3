"""REST: the company itself, for its own people: what it configured, and every version of that."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers

from apps.core.api.views import (
    AUTHENTICATED,
    SENSITIVE,
    Answer,
    ApiView,
    entity_response,
    expected_version,
    page_of,
    validated,
)
from apps.iam.approvals import commands as approvals
from apps.iam.approvals import pending
from apps.iam.tenants import commands, queries
from apps.iam.tenants.configuration import LONGEST_NAME, LONGEST_RETENTION_DAYS, MOST_DOMAINS
from apps.iam.tenants.permissions import TenantPermission

RULES = ("when_possible", "always", "never")


class SettingsFields(serializers.Serializer):
    """Every setting; used for what comes in and what goes out."""

    name = serializers.CharField(max_length=LONGEST_NAME, required=False)
    default_currency = serializers.CharField(max_length=3, required=False, help_text="ISO 4217 code.")
    locale = serializers.CharField(max_length=16, required=False, help_text="Language tag (BCP 47).")
    time_zone = serializers.CharField(max_length=64, required=False, help_text="IANA time zone.")
    colour = serializers.CharField(
        max_length=7, required=False, allow_blank=True, help_text="#rrggbb; empty: the platform's own."
    )
    allowed_email_domains = serializers.ListField(
        child=serializers.CharField(max_length=253),
        max_length=MOST_DOMAINS,
        required=False,
        help_text="Only addresses of these domains may be invited; empty: any.",
    )
    approvals = serializers.DictField(
        child=serializers.ChoiceField(choices=RULES),
        required=False,
        help_text="By kind of change, whether it takes a second person. A kind that is not named: when_possible, that "
        "is, while somebody else could approve or could until lately.",
    )
    retention_days = serializers.IntegerField(
        min_value=1,
        max_value=LONGEST_RETENTION_DAYS,
        required=False,
        help_text="How long closed approvals and records of exports are kept.",
    )


class ConfigurationInput(SettingsFields):
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, help_text="Kept with the version.")


class ConfigurationOutput(serializers.Serializer):
    settings = SettingsFields(source="values")
    version = serializers.IntegerField(help_text="Counts the changes; the ETag. 0: nothing was changed yet.")
    changed_at = serializers.DateTimeField(allow_null=True)
    changed_by_name = serializers.CharField()


class VersionOutput(serializers.Serializer):
    number = serializers.IntegerField()
    settings = SettingsFields(source="values")
    changed = serializers.ListField(child=serializers.CharField(), help_text="The settings that differ.")
    changed_at = serializers.DateTimeField(source="created_at")
    changed_by_name = serializers.CharField()
    reason = serializers.CharField()
    restored_from = serializers.IntegerField(allow_null=True, help_text="The version that was gone back to.")


class RestorationInput(serializers.Serializer):
    number = serializers.IntegerField(min_value=1, max_value=2**31 - 1)


class DeletionInput(serializers.Serializer):
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True)


class DeletionOutput(serializers.Serializer):
    due_at = serializers.DateTimeField(allow_null=True, help_text="When the data are erased; null: they are not.")


class OwnTenant(ApiView):
    """GET, PATCH /api/v1/tenant: what the caller's company configured."""

    required_permission = {"GET": AUTHENTICATED, "PATCH": TenantPermission.CONFIGURE}
    versioned = True

    @extend_schema(responses=ConfigurationOutput)
    def get(self, request):
        return entity_response(request, queries.current_configuration(), ConfigurationOutput)

    @extend_schema(
        request=ConfigurationInput,
        responses={200: ConfigurationOutput, 202: pending.ApprovalOutput},
        examples=[
            OpenApiExample(
                "Time zone and invitations",
                value={
                    "time_zone": "Europe/London",
                    "allowed_email_domains": ["acme.example"],
                    "reason": "Head office",
                },
                request_only=True,
            )
        ],
    )
    def patch(self, request):
        """Replace the settings that are named. Other rules for approvals take a second person: 202 with the request."""
        values = validated(ConfigurationInput, request.data)
        facts = {
            "reason": values.pop("reason", ""),
            "actor": request.actor,
            "now": timezone.now(),
        }
        version = expected_version(request)
        outcome = approvals.done_or_requested(
            lambda: commands.configure_tenant(changes=values, expected_version=version, **facts), **facts
        )
        return _answer(request, outcome)


class Versions(ApiView):
    """GET /api/v1/tenant/versions: every version of the configuration, newest first."""

    required_permission = TenantPermission.CONFIGURE

    @extend_schema(responses=VersionOutput(many=True))
    def get(self, request):
        return page_of(request, queries.configuration_versions(), VersionOutput)


class VersionRestoration(ApiView):
    """POST /api/v1/tenant/restoration: go back to an earlier version, by a new one that says the same."""

    required_permission = TenantPermission.CONFIGURE
    refers = frozenset({"POST"})
    step_up = SENSITIVE
    versioned = True

    @extend_schema(request=RestorationInput, responses={200: ConfigurationOutput, 202: pending.ApprovalOutput})
    def post(self, request):
        number = validated(RestorationInput, request.data)["number"]
        facts = {"actor": request.actor, "now": timezone.now()}
        outcome = approvals.done_or_requested(
            lambda: commands.restore_configuration(number=number, expected_version=expected_version(request), **facts),
            **facts,
        )
        return _answer(request, outcome)


class OwnDeletion(ApiView):
    """GET, POST, DELETE /api/v1/tenant/deletion: whether the company is to be deleted; ask for it; call it off.

    Two owners are needed: the answer is 202 with the request for approval. A company with a single owner asks the
    platform's staff. After the approval the data are erased at `due_at`; until then one owner may call it off.
    """

    required_permission = dict.fromkeys(("GET", "POST", "DELETE"), TenantPermission.DELETE)
    step_up = SENSITIVE

    @extend_schema(responses=DeletionOutput)
    def get(self, request):
        return _deletion(request)

    @extend_schema(request=DeletionInput, responses={200: DeletionOutput, 202: pending.ApprovalOutput})
    def post(self, request):
        reason = validated(DeletionInput, request.data).get("reason", "")
        facts = {"actor": request.actor, "now": timezone.now(), "reason": reason}
        tenant_id = request.principal.tenant_id
        outcome = approvals.done_or_requested(lambda: commands.plan_deletion(tenant_id=tenant_id, **facts), **facts)
        return pending.accepted(request, outcome) if pending.is_pending(outcome) else _deletion(request)

    @extend_schema(responses=DeletionOutput)
    def delete(self, request):
        commands.cancel_deletion(tenant_id=request.principal.tenant_id, actor=request.actor)
        return _deletion(request)


def _deletion(request):
    company = queries.tenant_by_id(request.principal.tenant_id)
    return Answer(DeletionOutput({"due_at": company.deletion_due_at}).data)


def _answer(request, outcome):
    if pending.is_pending(outcome):
        return pending.accepted(request, outcome)
    return entity_response(request, outcome, ConfigurationOutput)
