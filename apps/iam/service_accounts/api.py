"""REST: service accounts and their OAuth credentials. Keys are in `keys_api`."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers

from apps.core.api.views import SENSITIVE, Answer, ApiView, entity_response, expected_version, page_of, validated
from apps.core.idempotency import idempotent
from apps.iam.approvals import commands as approvals
from apps.iam.approvals import pending
from apps.iam.roles.stepping_up import require_step_up_to_grant
from apps.iam.service_accounts import commands, queries
from apps.iam.service_accounts.filters import ServiceAccountFilter
from apps.iam.service_accounts.models import CONTACT_LENGTH, DESCRIPTION_LENGTH, NAME_LENGTH, ServiceAccount
from apps.iam.service_accounts.permissions import ServiceAccountPermission

_PATH = "/api/v1/service-accounts"


class RoleCodes(serializers.ListField):
    child = serializers.CharField(max_length=63)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Nightly import",
            value={
                "name": "Nightly import",
                "description": "Reads the warehouse's stock every night",
                "contact": "warehouse@acme.example",
                "roles": ["clerk"],
            },
            request_only=True,
        )
    ]
)
class ServiceAccountInput(serializers.Serializer):
    name = serializers.CharField(max_length=NAME_LENGTH)
    description = serializers.CharField(max_length=DESCRIPTION_LENGTH, allow_blank=True, default="")
    owner_id = serializers.UUIDField(allow_null=True, default=None, help_text="The member who answers for it.")
    contact = serializers.CharField(
        max_length=CONTACT_LENGTH, allow_blank=True, default="", help_text="Whom to ask: an address, a channel, a team."
    )
    roles = RoleCodes(default=list, max_length=50, help_text="Codes of roles; with none it may do nothing yet.")


class ServiceAccountChanges(serializers.Serializer):
    name = serializers.CharField(max_length=NAME_LENGTH, required=False)
    description = serializers.CharField(max_length=DESCRIPTION_LENGTH, allow_blank=True, required=False)
    owner_id = serializers.UUIDField(allow_null=True, required=False)
    contact = serializers.CharField(max_length=CONTACT_LENGTH, allow_blank=True, required=False)
    enabled = serializers.BooleanField(
        required=False, help_text="False keeps it out at once, with every key and token."
    )


class ServiceAccountOutput(serializers.Serializer):
    id = serializers.UUIDField(help_text="Also the subject of its tokens.")
    name = serializers.CharField()
    description = serializers.CharField()
    owner_id = serializers.UUIDField(allow_null=True)
    contact = serializers.CharField()
    state = serializers.ChoiceField(choices=queries.STATES)
    roles = serializers.ListField(child=serializers.CharField(), source="role_codes")
    has_client = serializers.BooleanField(help_text="True if it has OAuth client credentials.")
    live_keys = serializers.IntegerField(help_text="API keys that are neither revoked nor expired.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    deleted_at = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField()


class AccountRolesInput(serializers.Serializer):
    roles = RoleCodes(max_length=50)


class ClientCredentialsOutput(serializers.Serializer):
    client_id = serializers.UUIDField()
    client_secret = serializers.CharField(allow_null=True, help_text="In the first answer only: it is kept nowhere.")


class ServiceAccounts(ApiView):
    """GET, POST /api/v1/service-accounts: the programs that act in this company by themselves."""

    required_permission = {"GET": ServiceAccountPermission.VIEW, "POST": ServiceAccountPermission.MANAGE}
    filterset_class = ServiceAccountFilter
    sortable = ("name_key", "created_at")

    @extend_schema(responses=ServiceAccountOutput(many=True))
    def get(self, request):
        return page_of(request, queries.service_accounts(), ServiceAccountOutput)

    @extend_schema(request=ServiceAccountInput, responses={201: ServiceAccountOutput})
    @idempotent(ServiceAccount)
    def post(self, request):
        values = validated(ServiceAccountInput, request.data)
        require_step_up_to_grant(request.principal, values.get("roles", ()))
        account = commands.create_service_account(**values, actor=request.actor, now=timezone.now())
        return entity_response(request, account, ServiceAccountOutput, status=201, location=f"{_PATH}/{account.id}")


class ServiceAccountDetail(ApiView):
    """GET, PATCH, DELETE /api/v1/service-accounts/{service_account_id}"""

    required_permission = {
        "GET": ServiceAccountPermission.VIEW,
        "PATCH": ServiceAccountPermission.MANAGE,
        "DELETE": ServiceAccountPermission.MANAGE,
    }
    versioned = True

    @extend_schema(responses=ServiceAccountOutput)
    def get(self, request, service_account_id):
        return entity_response(request, queries.service_account(service_account_id), ServiceAccountOutput)

    @extend_schema(request=ServiceAccountChanges, responses=ServiceAccountOutput)
    def patch(self, request, service_account_id):
        account = commands.update_service_account(
            account_id=service_account_id,
            **validated(ServiceAccountChanges, request.data),
            actor=request.actor,
            expected_version=expected_version(request),
        )
        return entity_response(request, account, ServiceAccountOutput)

    @extend_schema(responses={204: None})
    def delete(self, request, service_account_id):
        """Delete a service account: it is out at once, and can be restored."""
        commands.delete_service_account(
            account_id=service_account_id,
            actor=request.actor,
            now=timezone.now(),
            expected_version=expected_version(request),
        )
        return Answer(status=204)


class ServiceAccountRestoration(ApiView):
    """POST /api/v1/service-accounts/{service_account_id}/restoration: bring back a deleted one, with the same roles.

    One with the owner's role takes two people: 202 with the request for approval.
    """

    required_permission = ServiceAccountPermission.MANAGE

    @extend_schema(request=None, responses={200: ServiceAccountOutput, 202: pending.ApprovalOutput})
    def post(self, request, service_account_id):
        facts = {"actor": request.actor, "now": timezone.now()}
        outcome = approvals.done_or_requested(
            lambda: commands.restore_service_account(account_id=service_account_id, **facts), **facts
        )
        return _answer(request, outcome)


class ServiceAccountRoles(ApiView):
    """PUT /api/v1/service-accounts/{service_account_id}/roles: let it hold exactly these roles.

    Giving it the owner's role takes two people while there is a second owner: 202 with the request for approval.
    """

    required_permission = ServiceAccountPermission.MANAGE
    versioned = True

    @extend_schema(request=AccountRolesInput, responses={200: ServiceAccountOutput, 202: pending.ApprovalOutput})
    def put(self, request, service_account_id):
        codes, version = validated(AccountRolesInput, request.data)["roles"], expected_version(request)
        require_step_up_to_grant(request.principal, codes)
        facts = {"actor": request.actor, "now": timezone.now()}
        outcome = approvals.done_or_requested(
            lambda: commands.change_roles(
                account_id=service_account_id, roles_held=codes, expected_version=version, **facts
            ),
            **facts,
        )
        return _answer(request, outcome)


def _answer(request, outcome):
    if pending.is_pending(outcome):
        return pending.accepted(request, outcome)
    return entity_response(request, outcome, ServiceAccountOutput)


class ServiceAccountClient(ApiView):
    """POST /api/v1/service-accounts/{service_account_id}/client: give it OAuth client credentials.

    With them it gets access tokens by the client-credentials grant. Rotate the secret, or delete the client, as the
    application of the same id: /api/v1/applications/{service_account_id}.
    """

    required_permission = ServiceAccountPermission.MANAGE
    step_up = SENSITIVE

    @extend_schema(request=None, responses={201: ClientCredentialsOutput})
    def post(self, request, service_account_id):
        answer = self._issue(request, service_account_id)
        # Added behind the memory for repeated requests, which must not keep a secret.
        answer.data = {**answer.data, "client_secret": getattr(request, "issued_secret", None)}
        return answer

    post.idempotent = True  # type: ignore[attr-defined]  # for the schema: see `_issue`

    @idempotent(ServiceAccount)
    def _issue(self, request, service_account_id):
        client_id, request.issued_secret = commands.issue_client(
            account_id=service_account_id, actor=request.actor, now=timezone.now()
        )
        data = ClientCredentialsOutput({"client_id": client_id, "client_secret": None}).data
        return Answer(data, status=201, headers={"Location": f"/api/v1/applications/{client_id}"})
