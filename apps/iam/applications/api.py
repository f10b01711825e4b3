"""REST: a company's applications, the OAuth clients of the platform's own provider."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from apps.core.api.views import SENSITIVE, Answer, ApiView, entity_response, expected_version, page_of, validated
from apps.core.idempotency import idempotent
from apps.iam.applications import commands, queries
from apps.iam.applications.filters import ApplicationFilter
from apps.iam.applications.models import Consent
from apps.iam.applications.permissions import ApplicationPermission
from apps.iam.oidc.clients import commands as clients
from apps.iam.oidc.clients import queries as client_queries
from apps.iam.service_accounts.permissions import ServiceAccountPermission

_PATH = "/api/v1/applications"


class Addresses(serializers.ListField):
    child = serializers.CharField(max_length=500)


class ScopeList(serializers.ListField):
    child = serializers.CharField(max_length=100)


class _Facts(serializers.Serializer):
    """What may be said of an application, when it is made and later."""

    name = serializers.CharField(max_length=100, required=False)
    description = serializers.CharField(max_length=500, allow_blank=True, required=False)
    logo_uri = serializers.CharField(max_length=500, allow_blank=True, required=False, help_text="https.")
    redirect_uris = Addresses(
        max_length=20,
        required=False,
        help_text="Where people return to after signing in, compared character by character. https; plain http for "
        "this machine alone. A native one names an https address that it has claimed, or http://127.0.0.1/…, any port.",
    )
    post_logout_redirect_uris = Addresses(max_length=20, required=False)
    backchannel_logout_uri = serializers.CharField(
        max_length=500,
        allow_blank=True,
        required=False,
        help_text="Gets a logout token when a session ends (OpenID Connect Back-Channel Logout 1.0). https, public.",
    )
    backchannel_logout_session_required = serializers.BooleanField(
        required=False, help_text="Wants `sid` in logout tokens; ours always have it."
    )
    allowed_scopes = ScopeList(max_length=50, required=False, help_text="Empty: all that its kind may have.")
    access_token_lifetime_s = serializers.IntegerField(
        allow_null=True, required=False, help_text="60 to 3600 seconds; null: the platform's own."
    )
    refresh_token_lifetime_s = serializers.IntegerField(
        allow_null=True, required=False, help_text="300 seconds to a session's length; null: the platform's own."
    )
    subject_type = serializers.ChoiceField(
        choices=client_queries.SUBJECT_TYPES,
        required=False,
        help_text="pairwise: it knows people by other names than applications on other hosts do, so that they cannot "
        "compare notes. public: by the same.",
    )
    algorithm = serializers.ChoiceField(
        choices=client_queries.ALGORITHMS, required=False, help_text="How its ID tokens are signed."
    )
    device_grant_allowed = serializers.BooleanField(
        required=False, help_text="A native one may also begin on a device without a browser (RFC 8628)."
    )


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Web shop",
            value={"kind": "web", "name": "Web shop", "redirect_uris": ["https://shop.example/callback"]},
            request_only=True,
        ),
        OpenApiExample(
            "Command line",
            value={"kind": "native", "name": "Tool", "redirect_uris": ["http://127.0.0.1/callback"]},
            request_only=True,
        ),
    ]
)
class ApplicationInput(_Facts):
    kind = serializers.ChoiceField(
        choices=client_queries.KINDS,
        help_text="web: keeps a secret on its server. native, single_page: keep none, and prove themselves by PKCE. "
        "machine: acts by itself, through a service account of the same name and id.",
    )
    name = serializers.CharField(max_length=100)


class ApplicationChanges(_Facts):
    enabled = serializers.BooleanField(required=False, help_text="False keeps everybody out at once.")


class ApplicationOutput(serializers.Serializer):
    id = serializers.UUIDField()
    client_id = serializers.CharField()
    kind = serializers.ChoiceField(choices=client_queries.KINDS)
    name = serializers.CharField()
    description = serializers.CharField()
    logo_uri = serializers.CharField()
    redirect_uris = serializers.SerializerMethodField()
    post_logout_redirect_uris = serializers.SerializerMethodField()
    backchannel_logout_uri = serializers.CharField()
    backchannel_logout_session_required = serializers.BooleanField()
    allowed_scopes = serializers.SerializerMethodField()
    access_token_lifetime_s = serializers.IntegerField(allow_null=True)
    refresh_token_lifetime_s = serializers.IntegerField(allow_null=True)
    subject_type = serializers.ChoiceField(choices=client_queries.SUBJECT_TYPES)
    algorithm = serializers.ChoiceField(choices=client_queries.ALGORITHMS)
    device_grant_allowed = serializers.BooleanField()
    previous_secret_expires_at = serializers.DateTimeField(
        allow_null=True, help_text="Until then the secret of before the last rotation is good too."
    )
    state = serializers.ChoiceField(choices=client_queries.STATES)
    owned = serializers.SerializerMethodField(help_text="False for one that the platform offers to all companies.")
    approved = serializers.SerializerMethodField(help_text="True if an administrator has approved it.")
    created_at = serializers.DateTimeField(source="created")
    updated_at = serializers.DateTimeField(source="updated")
    deleted_at = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField()

    @extend_schema_field(Addresses())
    def get_redirect_uris(self, client: Any) -> list[str]:
        return list(client.redirect_uris.split())

    @extend_schema_field(Addresses())
    def get_post_logout_redirect_uris(self, client: Any) -> list[str]:
        return list(client.post_logout_redirect_uris.split())

    @extend_schema_field(ScopeList())
    def get_allowed_scopes(self, client: Any) -> list[str]:
        return list(client.allowed_scopes.split())

    @extend_schema_field(serializers.BooleanField())
    def get_owned(self, client: Any) -> bool:
        return client.tenant_id is not None

    @extend_schema_field(serializers.BooleanField())
    def get_approved(self, client: Any) -> bool:
        if "approved" not in self.context:  # one question for the whole page
            rows = self.parent.instance if self.parent is not None else [client]
            self.context["approved"] = set(queries.approvals(row.id for row in rows))
        return client.id in self.context["approved"]


class RegisteredOutput(ApplicationOutput):
    client_secret = serializers.CharField(
        allow_null=True, help_text="In the first answer only: it is kept nowhere. null where there is none."
    )


class SecretInput(serializers.Serializer):
    overlap_s = serializers.IntegerField(
        min_value=0, default=86400, help_text="Seconds that the old secret stays good beside the new one."
    )


class ErasureInput(serializers.Serializer):
    confirmation = serializers.CharField(max_length=255, help_text="The application's name.")


class Applications(ApiView):
    """GET, POST /api/v1/applications: the programs through which people sign in, or that act by themselves."""

    required_permission = {"GET": ApplicationPermission.VIEW, "POST": ApplicationPermission.MANAGE}
    step_up = SENSITIVE
    filterset_class = ApplicationFilter
    sortable = ("name", "created")

    @extend_schema(responses=ApplicationOutput(many=True))
    def get(self, request):
        return page_of(request, client_queries.applications(), ApplicationOutput)

    @extend_schema(request=ApplicationInput, responses={201: RegisteredOutput})
    def post(self, request):
        answer = self._register(request)
        return _with_secret(request, answer)

    post.idempotent = True  # type: ignore[attr-defined]  # for the schema: see `_register`

    @idempotent(Consent)
    def _register(self, request):
        values = validated(ApplicationInput, request.data)
        if values["kind"] == "machine":
            request.principal.require(ServiceAccountPermission.MANAGE)
        made = commands.register_application(**values, actor=request.actor, now=timezone.now())
        request.issued_secret = made.secret
        location = f"{_PATH}/{made.client.id}"
        return entity_response(request, made.client, ApplicationOutput, status=201, location=location)


class ApplicationDetail(ApiView):
    """GET, PATCH, DELETE /api/v1/applications/{application_id}"""

    required_permission = {
        "GET": ApplicationPermission.VIEW,
        "PATCH": ApplicationPermission.MANAGE,
        "DELETE": ApplicationPermission.MANAGE,
    }
    versioned = True

    @extend_schema(responses=ApplicationOutput)
    def get(self, request, application_id):
        return entity_response(request, client_queries.application(application_id), ApplicationOutput)

    @extend_schema(request=ApplicationChanges, responses=ApplicationOutput)
    def patch(self, request, application_id):
        facts = validated(ApplicationChanges, request.data)
        if "enabled" in facts:
            facts["is_enabled"] = facts.pop("enabled")
        client = clients.update(
            application_id=application_id, actor=request.actor, expected_version=expected_version(request), **facts
        )
        return entity_response(request, client, ApplicationOutput)

    @extend_schema(responses={204: None})
    def delete(self, request, application_id):
        """Delete an application: its tokens are over at once. It can be restored, or erased."""
        clients.delete(
            application_id=application_id,
            actor=request.actor,
            now=timezone.now(),
            expected_version=expected_version(request),
        )
        return Answer(status=204)


class ApplicationRestoration(ApiView):
    """POST /api/v1/applications/{application_id}/restoration: bring back a deleted one."""

    required_permission = ApplicationPermission.MANAGE

    @extend_schema(request=None, responses=ApplicationOutput)
    def post(self, request, application_id):
        client = clients.restore(application_id=application_id, actor=request.actor)
        return entity_response(request, client, ApplicationOutput)


class ApplicationErasure(ApiView):
    """POST /api/v1/applications/{application_id}/erasure: remove a deleted application for good, with its consents."""

    required_permission = ApplicationPermission.MANAGE
    step_up = SENSITIVE

    @extend_schema(request=ErasureInput, responses={204: None})
    def post(self, request, application_id):
        said = validated(ErasureInput, request.data)
        commands.erase_application(application_id=application_id, **said, actor=request.actor)
        return Answer(status=204)


class ApplicationSecret(ApiView):
    """POST /api/v1/applications/{application_id}/secret: another secret; the old one goes on for the overlap."""

    required_permission = ApplicationPermission.MANAGE
    step_up = SENSITIVE

    @extend_schema(request=SecretInput, responses={201: RegisteredOutput})
    def post(self, request, application_id):
        return _with_secret(request, self._rotate(request, application_id))

    post.idempotent = True  # type: ignore[attr-defined]  # for the schema: see `_rotate`

    @idempotent(Consent)
    def _rotate(self, request, application_id):
        said = validated(SecretInput, request.data)
        made = clients.rotate_secret(application_id=application_id, **said, actor=request.actor, now=timezone.now())
        request.issued_secret = made.secret
        return entity_response(request, made.client, ApplicationOutput, status=201)


class ApplicationApproval(ApiView):
    """PUT, DELETE /api/v1/applications/{application_id}/approval: let members choose it, where the company lets them
    choose among approved applications only; or no longer.
    """

    required_permission = {"PUT": ApplicationPermission.APPROVE, "DELETE": ApplicationPermission.APPROVE}

    @extend_schema(request=None, responses=ApplicationOutput)
    def put(self, request, application_id):
        commands.approve(application_id=application_id, actor=request.actor)
        return entity_response(request, client_queries.application(application_id), ApplicationOutput)

    @extend_schema(responses={204: None})
    def delete(self, request, application_id):
        commands.withdraw_approval(application_id=application_id, actor=request.actor)
        return Answer(status=204)


def _with_secret(request: Any, answer: Answer) -> Answer:
    """Add the secret behind the memory for repeated requests, which must not keep it."""
    answer.data = {**answer.data, "client_secret": getattr(request, "issued_secret", None)}
    answer["Cache-Control"] = "no-store"
    return answer
