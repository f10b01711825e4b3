"""REST: the identities at other providers that the caller is linked with."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from apps.core.api.views import PERSONAL, SENSITIVE, Answer, ApiView, page_of
from apps.iam.identity_providers import commands, queries


class IdentityOutput(serializers.Serializer):
    id = serializers.UUIDField()
    identity_provider_id = serializers.UUIDField(source="provider_id")
    provider = serializers.CharField(source="provider.name")
    email = serializers.CharField(help_text="As the provider called it when it was linked.")
    last_used_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class OwnIdentities(ApiView):
    """GET /api/v1/me/identities: the identities with which the caller signs in here.

    One is linked in a browser, at /account/security/: it takes signing in at the provider.
    """

    required_permission = PERSONAL

    @extend_schema(responses=IdentityOutput(many=True))
    def get(self, request):
        return page_of(request, queries.links_of(request.principal.subject), IdentityOutput)


class OwnIdentity(ApiView):
    """DELETE /api/v1/me/identities/{identity_id}: sign in with this identity no longer."""

    required_permission = PERSONAL
    step_up = SENSITIVE

    @extend_schema(responses={204: None})
    def delete(self, request, identity_id):
        commands.unlink_identity(link_id=identity_id, user_id=request.principal.subject, actor=request.actor)
        return Answer(status=204)
