"""REST: identity providers of others that people sign in with, and the e-mail domains that they are for."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers

from apps.core.api.views import SENSITIVE, Answer, ApiView, entity_response, expected_version, page_of, validated
from apps.core.idempotency import idempotent
from apps.core.tenancy import require_tenant_id
from apps.iam.identity_providers import checking, commands, proofs, queries, relying_party
from apps.iam.identity_providers.facts import SECRET_LENGTH
from apps.iam.identity_providers.filters import IdentityProviderFilter
from apps.iam.identity_providers.models import (
    CLIENT_ID_LENGTH,
    DOMAIN_LENGTH,
    NAME_LENGTH,
    URL_LENGTH,
    EmailDomain,
    IdentityProvider,
)
from apps.iam.identity_providers.permissions import IdentityProviderPermission

_MOST = 50


def _texts(longest: int, help_text: str) -> serializers.ListField:
    return serializers.ListField(
        child=serializers.CharField(max_length=longest), max_length=_MOST, required=False, help_text=help_text
    )


class IdentityProviderChanges(serializers.Serializer):
    name = serializers.CharField(max_length=NAME_LENGTH, required=False, help_text="As the sign-in page offers it.")
    issuer = serializers.CharField(
        max_length=URL_LENGTH + 40, required=False, help_text="Its issuer identifier, or its discovery URL."
    )
    client_id = serializers.CharField(
        max_length=CLIENT_ID_LENGTH, required=False, allow_blank=True, help_text="What it calls the platform."
    )
    client_secret = serializers.CharField(
        max_length=SECRET_LENGTH,
        required=False,
        allow_blank=True,
        write_only=True,
        trim_whitespace=False,
        help_text="Kept sealed and never shown. Empty: a public client, which proves itself by PKCE alone.",
    )
    scopes = _texts(100, "What is asked for; `openid` always is.")
    email_claim = serializers.CharField(max_length=100, required=False)
    name_claim = serializers.CharField(max_length=100, required=False)
    groups_claim = serializers.CharField(
        max_length=100, required=False, allow_blank=True, help_text="For example `groups`, or `realm_access.roles`."
    )
    role_mapping = serializers.DictField(
        child=serializers.CharField(max_length=63),
        required=False,
        help_text="Codes of roles by group. These come and go with the groups at each sign-in.",
    )
    email_domains = _texts(DOMAIN_LENGTH, "For addresses of these, once proved, accounts are linked and made.")
    linking = serializers.ChoiceField(
        choices=IdentityProvider.Linking.values,
        required=False,
        help_text="Whether an account with the same address is linked at the first sign-in.",
    )
    provisions = serializers.BooleanField(required=False, help_text="Whether accounts are made at the first sign-in.")
    default_roles = _texts(63, "Codes of the roles of an account that is made.")
    acr_values = _texts(200, "Asked for at each sign-in; the answer must name one of them.")
    trusts_mfa = serializers.BooleanField(
        required=False, help_text="Whether its `amr` of `mfa` counts as a second factor here."
    )
    is_enabled = serializers.BooleanField(required=False, help_text="Whether people may sign in with it.")


class IdentityProviderInput(IdentityProviderChanges):
    name = serializers.CharField(max_length=NAME_LENGTH, help_text="As the sign-in page offers it.")
    issuer = serializers.CharField(max_length=URL_LENGTH + 40, help_text="Its issuer identifier, or its discovery URL.")


class IdentityProviderOutput(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    issuer = serializers.CharField()
    client_id = serializers.CharField()
    has_client_secret = serializers.BooleanField(source="has_secret")
    redirect_uri = serializers.SerializerMethodField(help_text="To be registered at the provider.")
    scopes = serializers.ListField(child=serializers.CharField())
    email_claim = serializers.CharField()
    name_claim = serializers.CharField()
    groups_claim = serializers.CharField()
    role_mapping = serializers.DictField(child=serializers.CharField())
    email_domains = serializers.ListField(child=serializers.CharField())
    linking = serializers.CharField()
    provisions = serializers.BooleanField()
    default_roles = serializers.ListField(child=serializers.CharField())
    acr_values = serializers.ListField(child=serializers.CharField())
    trusts_mfa = serializers.BooleanField()
    is_enabled = serializers.BooleanField()
    link_count = serializers.IntegerField(help_text="How many people are linked with an identity there.")
    version = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    deleted_at = serializers.DateTimeField(allow_null=True)

    def get_redirect_uri(self, provider: IdentityProvider) -> str:
        return relying_party.redirect_uri(provider.id)


class CheckOutput(serializers.Serializer):
    name = serializers.CharField()
    passed = serializers.BooleanField()
    detail = serializers.CharField()


class ConnectionOutput(serializers.Serializer):
    works = serializers.BooleanField()
    checks = CheckOutput(many=True)


class EmailDomainOutput(serializers.Serializer):
    id = serializers.UUIDField()
    domain = serializers.CharField()
    verified_at = serializers.DateTimeField(allow_null=True)
    proof_url = serializers.SerializerMethodField(help_text="Where the proof is looked for.")
    proof_text = serializers.SerializerMethodField(help_text="What must be there.")

    def get_proof_url(self, found: EmailDomain) -> str:
        return proofs.address_of(found.domain)

    def get_proof_text(self, found: EmailDomain) -> str:
        return proofs.text_of(require_tenant_id(), found.domain)


_KEYCLOAK = OpenApiExample(
    "A Keycloak realm",
    {
        "name": "Acme",
        "issuer": "https://sso.acme.example/realms/acme",
        "client_id": "platform",
        "client_secret": "the secret that Keycloak shows under Credentials",
        "email_domains": ["acme.example"],
        "linking": "verified_email",
        "provisions": True,
        "default_roles": ["viewer"],
        "groups_claim": "groups",
        "role_mapping": {"Accounting": "clerk"},
    },
    request_only=True,
)


class IdentityProviders(ApiView):
    """GET, POST /api/v1/identity-providers: the identity providers that people sign in with; get to know one."""

    required_permission = {"GET": IdentityProviderPermission.VIEW, "POST": IdentityProviderPermission.MANAGE}
    step_up = SENSITIVE
    filterset_class = IdentityProviderFilter
    sortable = ("name", "created_at")

    @extend_schema(responses=IdentityProviderOutput(many=True))
    def get(self, request):
        return page_of(request, queries.identity_providers(), IdentityProviderOutput)

    @extend_schema(request=IdentityProviderInput, responses={201: IdentityProviderOutput}, examples=[_KEYCLOAK])
    @idempotent(IdentityProvider)
    def post(self, request):
        """Get to know an identity provider; nobody is offered it before it is enabled"""
        provider = commands.create_identity_provider(
            **validated(IdentityProviderInput, request.data), actor=request.actor
        )
        location = f"/api/v1/identity-providers/{provider.id}"
        return entity_response(request, provider, IdentityProviderOutput, status=201, location=location)


class IdentityProviderDetail(ApiView):
    """GET, PATCH, DELETE /api/v1/identity-providers/{identity_provider_id}: one; a deleted one can be read, and
    restored.
    """

    required_permission = {
        "GET": IdentityProviderPermission.VIEW,
        "PATCH": IdentityProviderPermission.MANAGE,
        "DELETE": IdentityProviderPermission.MANAGE,
    }
    step_up = SENSITIVE
    versioned = True

    @extend_schema(responses=IdentityProviderOutput)
    def get(self, request, identity_provider_id):
        return entity_response(request, queries.identity_provider(identity_provider_id), IdentityProviderOutput)

    @extend_schema(request=IdentityProviderChanges, responses=IdentityProviderOutput)
    def patch(self, request, identity_provider_id):
        provider = commands.update_identity_provider(
            provider_id=identity_provider_id,
            **validated(IdentityProviderChanges, request.data),
            actor=request.actor,
            expected_version=expected_version(request),
        )
        return entity_response(request, provider, IdentityProviderOutput)

    @extend_schema(responses={204: None})
    def delete(self, request, identity_provider_id):
        """Let nobody sign in with it any more; the links of people stay for when it is restored"""
        commands.delete_identity_provider(
            provider_id=identity_provider_id,
            actor=request.actor,
            now=timezone.now(),
            expected_version=expected_version(request),
        )
        return Answer(status=204)


class IdentityProviderRestoration(ApiView):
    """POST /api/v1/identity-providers/{identity_provider_id}/restoration: bring one back with its links."""

    required_permission = IdentityProviderPermission.MANAGE
    step_up = SENSITIVE

    @extend_schema(request=None, responses=IdentityProviderOutput)
    def post(self, request, identity_provider_id):
        provider = commands.restore_identity_provider(provider_id=identity_provider_id, actor=request.actor)
        return entity_response(request, provider, IdentityProviderOutput)


class ConnectionCheck(ApiView):
    """POST /api/v1/identity-providers/{identity_provider_id}/connection-check: ask the provider whether it works."""

    required_permission = IdentityProviderPermission.MANAGE

    @extend_schema(request=None, responses=ConnectionOutput)
    def post(self, request, identity_provider_id):
        found = checking.check(queries.identity_provider(identity_provider_id))
        return Answer(ConnectionOutput(found).data)


class EmailDomains(ApiView):
    """GET /api/v1/email-domains: the e-mail domains that identity providers name, and how each is proved."""

    required_permission = IdentityProviderPermission.VIEW

    @extend_schema(responses=EmailDomainOutput(many=True))
    def get(self, request):
        return page_of(request, queries.email_domains(), EmailDomainOutput)


class EmailDomainVerification(ApiView):
    """POST /api/v1/email-domains/{email_domain_id}/verification: look for the proof that a domain is the company's."""

    required_permission = IdentityProviderPermission.MANAGE
    step_up = SENSITIVE

    @extend_schema(request=None, responses=EmailDomainOutput)
    def post(self, request, email_domain_id):
        found = commands.verify_domain(domain_id=email_domain_id, actor=request.actor, now=timezone.now())
        return Answer(EmailDomainOutput(found).data)
