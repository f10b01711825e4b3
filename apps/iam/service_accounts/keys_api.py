"""REST: the API keys of service accounts, and those of people themselves."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from apps.core.api.views import PERSONAL, SENSITIVE, Answer, ApiView, page_of, validated
from apps.core.idempotency import idempotent
from apps.iam.service_accounts import commands, queries
from apps.iam.service_accounts.models import NAME_LENGTH, ApiKey
from apps.iam.service_accounts.permissions import ServiceAccountPermission

_SERVICE, _USER = ApiKey.HolderKind.SERVICE, ApiKey.HolderKind.USER


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Reads orders", value={"name": "Reporting, server 2", "scopes": ["orders.view"]}, request_only=True
        )
    ]
)
class ApiKeyInput(serializers.Serializer):
    name = serializers.CharField(max_length=NAME_LENGTH, help_text="Where the key is used, to know it again by.")
    scopes = serializers.ListField(
        child=serializers.CharField(max_length=100),
        allow_null=True,
        default=None,
        max_length=200,
        help_text="Codes of permissions that the key may use; left out: all that its holder has, now and later.",
    )
    expires_at = serializers.DateTimeField(
        allow_null=True, default=None, help_text="Left out: in API_KEY_DAYS (90). API_KEY_MAX_DAYS (365) at most."
    )


class RotationInput(serializers.Serializer):
    overlap_s = serializers.IntegerField(
        min_value=0, default=86400, help_text="Seconds that the old key stays good beside the new one; 0 ends it now."
    )
    expires_at = serializers.DateTimeField(allow_null=True, default=None, help_text="When the new key ends.")


class ApiKeyOutput(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    hint = serializers.CharField(help_text="The last characters of the key.")
    scopes = serializers.ListField(child=serializers.CharField(), allow_null=True)
    state = serializers.SerializerMethodField()
    expires_at = serializers.DateTimeField()
    revoked_at = serializers.DateTimeField(allow_null=True)
    replaces_id = serializers.UUIDField(allow_null=True, help_text="The key that this one was made to replace.")
    last_used_at = serializers.DateTimeField(allow_null=True, help_text="To the minute.")
    last_used_from = serializers.CharField(allow_null=True, help_text="The address; of IPv6 the network, /64.")
    created_at = serializers.DateTimeField()
    created_by = serializers.UUIDField(allow_null=True)

    @extend_schema_field(serializers.ChoiceField(choices=queries.KEY_STATES))
    def get_state(self, key: ApiKey) -> str:
        return key.state_at(timezone.now())


class IssuedKeyOutput(ApiKeyOutput):
    key = serializers.CharField(
        allow_null=True, help_text="The key itself. In the first answer only: it is kept nowhere."
    )


class _KeyView(ApiView):
    """What the keys of service accounts and of people have in common."""

    holder_kind: ClassVar[str]

    def shown_once(self, request: Any, answer: Answer) -> Answer:
        """Add the key behind the memory for repeated requests, which must not keep it."""
        answer.data = {**answer.data, "key": getattr(request, "issued_key", None)}
        answer["Cache-Control"] = "no-store"
        return answer

    def create(self, request: Any, holder_id: UUID) -> Answer:
        issued = commands.create_key(
            holder_id=holder_id,
            holder_kind=self.holder_kind,
            **validated(ApiKeyInput, request.data),
            actor=request.actor,
            now=timezone.now(),
        )
        return self._issued(request, issued)

    def rotate(self, request: Any, holder_id: UUID, key_id: UUID) -> Answer:
        issued = commands.rotate_key(
            holder_id=holder_id,
            holder_kind=self.holder_kind,
            key_id=key_id,
            **validated(RotationInput, request.data),
            actor=request.actor,
            now=timezone.now(),
        )
        return self._issued(request, issued)

    def revoke(self, request: Any, holder_id: UUID, key_id: UUID) -> Answer:
        commands.revoke_key(
            holder_id=holder_id, holder_kind=self.holder_kind, key_id=key_id, actor=request.actor, now=timezone.now()
        )
        return Answer(status=204)

    def _issued(self, request: Any, issued: commands.Issued) -> Answer:
        request.issued_key = issued.secret
        headers = {"Location": f"{self.location(issued.row)}/{issued.row.id}"}
        return Answer({**ApiKeyOutput(issued.row).data, "key": None}, status=201, headers=headers)

    def location(self, row: ApiKey) -> str:
        return "/api/v1/me/keys" if row.holder_kind == _USER else f"/api/v1/service-accounts/{row.holder_id}/keys"


class ServiceAccountKeys(_KeyView):
    """GET, POST /api/v1/service-accounts/{service_account_id}/keys: the API keys of a service account.

    A key is sent as `X-API-Key`, or as a bearer token. It allows what its scopes and its account both allow.
    """

    required_permission = {"GET": ServiceAccountPermission.VIEW, "POST": ServiceAccountPermission.MANAGE}
    step_up = SENSITIVE
    holder_kind = _SERVICE

    @extend_schema(responses=ApiKeyOutput(many=True))
    def get(self, request, service_account_id):
        queries.service_account(service_account_id)
        return page_of(request, queries.keys_of(service_account_id), ApiKeyOutput)

    @extend_schema(request=ApiKeyInput, responses={201: IssuedKeyOutput})
    def post(self, request, service_account_id):
        return self.shown_once(request, self._post(request, service_account_id))

    post.idempotent = True  # type: ignore[attr-defined]  # for the schema: see `_post`

    @idempotent(ApiKey)
    def _post(self, request, service_account_id):
        return self.create(request, service_account_id)


class ServiceAccountKey(_KeyView):
    """GET, DELETE /api/v1/service-accounts/{service_account_id}/keys/{key_id}"""

    required_permission = {"GET": ServiceAccountPermission.VIEW, "DELETE": ServiceAccountPermission.MANAGE}
    holder_kind = _SERVICE

    @extend_schema(responses=ApiKeyOutput)
    def get(self, request, service_account_id, key_id):
        return Answer(ApiKeyOutput(queries.key_of(service_account_id, key_id)).data)

    @extend_schema(responses={204: None})
    def delete(self, request, service_account_id, key_id):
        """Revoke a key. It is refused from then on."""
        return self.revoke(request, service_account_id, key_id)


class ServiceAccountKeyRotation(_KeyView):
    """POST /api/v1/service-accounts/{service_account_id}/keys/{key_id}/rotation: a new key; the old one goes on for the
    overlap.
    """

    required_permission = ServiceAccountPermission.MANAGE
    step_up = SENSITIVE
    holder_kind = _SERVICE

    @extend_schema(request=RotationInput, responses={201: IssuedKeyOutput})
    def post(self, request, service_account_id, key_id):
        return self.shown_once(request, self._post(request, service_account_id, key_id))

    post.idempotent = True  # type: ignore[attr-defined]

    @idempotent(ApiKey)
    def _post(self, request, service_account_id, key_id):
        return self.rotate(request, service_account_id, key_id)


class OwnKeys(_KeyView):
    """GET, POST /api/v1/me/keys: one's own API keys in this company, for scripts that act as oneself."""

    required_permission = PERSONAL
    step_up = SENSITIVE
    holder_kind = _USER

    @extend_schema(responses=ApiKeyOutput(many=True))
    def get(self, request):
        return page_of(request, queries.keys_of(request.principal.subject), ApiKeyOutput)

    @extend_schema(request=ApiKeyInput, responses={201: IssuedKeyOutput})
    def post(self, request):
        return self.shown_once(request, self._post(request))

    post.idempotent = True  # type: ignore[attr-defined]

    @idempotent(ApiKey)
    def _post(self, request):
        return self.create(request, request.principal.subject)


class OwnKey(_KeyView):
    """GET, DELETE /api/v1/me/keys/{key_id}"""

    required_permission = PERSONAL
    holder_kind = _USER

    @extend_schema(responses=ApiKeyOutput)
    def get(self, request, key_id):
        return Answer(ApiKeyOutput(queries.key_of(request.principal.subject, key_id)).data)

    @extend_schema(responses={204: None})
    def delete(self, request, key_id):
        """Revoke a key. It is refused from then on."""
        return self.revoke(request, request.principal.subject, key_id)


class OwnKeyRotation(_KeyView):
    """POST /api/v1/me/keys/{key_id}/rotation: a new key; the old one goes on for the overlap."""

    required_permission = PERSONAL
    step_up = SENSITIVE
    holder_kind = _USER

    @extend_schema(request=RotationInput, responses={201: IssuedKeyOutput})
    def post(self, request, key_id):
        return self.shown_once(request, self._post(request, key_id))

    post.idempotent = True  # type: ignore[attr-defined]

    @idempotent(ApiKey)
    def _post(self, request, key_id):
        return self.rotate(request, request.principal.subject, key_id)
