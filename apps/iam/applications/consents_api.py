"""REST: what people let applications do, and the company's rule for it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers

from apps.core.api.views import PERSONAL, Answer, ApiView, page_of, validated
from apps.iam.applications import commands, queries
from apps.iam.applications.models import Consent
from apps.iam.applications.permissions import ApplicationPermission
from apps.iam.oidc.clients import queries as clients
from apps.iam.users import queries as users


class ConsentOutput(serializers.Serializer):
    id = serializers.UUIDField()
    application_id = serializers.UUIDField()
    application_name = serializers.SerializerMethodField()
    user_id = serializers.UUIDField()
    user_name = serializers.SerializerMethodField()
    scopes = serializers.ListField(child=serializers.CharField())
    given_at = serializers.DateTimeField()

    @extend_schema_field(serializers.CharField())
    def get_application_name(self, consent: Consent) -> str:
        return self._names("applications", clients.names, "application_id").get(consent.application_id, "")

    @extend_schema_field(serializers.CharField())
    def get_user_name(self, consent: Consent) -> str:
        return self._names("users", users.names, "user_id").get(consent.user_id, "")

    def _names(self, kind: str, find: Any, column: str) -> dict[Any, str]:
        """One question for the whole page."""
        if kind not in self.context:
            rows = self.parent.instance if self.parent is not None else [self.instance]
            self.context[kind] = find({getattr(row, column) for row in rows})
        names: dict[Any, str] = self.context[kind]
        return names


class ConsentPolicyInput(serializers.Serializer):
    policy = serializers.ChoiceField(
        choices=queries.POLICIES,
        help_text="anyone: members let applications act for them by themselves. approved_only: an administrator must "
        "have approved the application first.",
    )


class OwnConsents(ApiView):
    """GET /api/v1/me/consents: the applications that you let act for you in this company."""

    required_permission = {"GET": PERSONAL}

    @extend_schema(responses=ConsentOutput(many=True))
    def get(self, request):
        return page_of(request, queries.consents_of(request.principal.subject), ConsentOutput)


class OwnConsent(ApiView):
    """DELETE /api/v1/me/consents/{consent_id}: let an application no longer act for you."""

    required_permission = {"DELETE": PERSONAL}

    @extend_schema(responses={204: None})
    def delete(self, request, consent_id):
        """Withdraw a consent. The application's tokens for you are refused from then on."""
        commands.withdraw_consent(consent_id=consent_id, user_id=request.principal.subject, actor=request.actor)
        return Answer(status=204)


class ApplicationConsents(ApiView):
    """GET /api/v1/applications/{application_id}/consents: who lets an application act for them."""

    required_permission = {"GET": ApplicationPermission.VIEW}

    @extend_schema(responses=ConsentOutput(many=True))
    def get(self, request, application_id):
        clients.application(application_id)
        return page_of(request, queries.consents_to(application_id), ConsentOutput)


class ApplicationConsent(ApiView):
    """DELETE /api/v1/applications/{application_id}/consents/{consent_id}: end it in the member's place."""

    required_permission = {"DELETE": ApplicationPermission.MANAGE}

    @extend_schema(responses={204: None})
    def delete(self, request, application_id, consent_id):
        """Withdraw a member's consent. The application's tokens for them are refused from then on."""
        commands.withdraw_consent(consent_id=consent_id, application_id=application_id, actor=request.actor)
        return Answer(status=204)


class ConsentPolicy(ApiView):
    """GET, PUT /api/v1/consent-policy: whether members may let any application act for them, or approved ones only."""

    required_permission = {"GET": ApplicationPermission.VIEW, "PUT": ApplicationPermission.APPROVE}

    @extend_schema(responses=ConsentPolicyInput)
    def get(self, request):
        return Answer({"policy": queries.consent_policy()})

    @extend_schema(request=ConsentPolicyInput, responses=ConsentPolicyInput)
    def put(self, request):
        policy = validated(ConsentPolicyInput, request.data)["policy"]
        return Answer({"policy": commands.set_consent_policy(policy=policy, actor=request.actor)})
