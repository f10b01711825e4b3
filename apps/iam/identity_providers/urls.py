from django.urls import include, path

from apps.iam.identity_providers import account_pages, api, me_api, pages, sign_in_pages
from apps.iam.oidc.form_targets import on_the_way_to_a_client

_sign_in = [
    path("sign-in/company/", on_the_way_to_a_client(sign_in_pages.company), name="company"),
    path("sign-in/with/<uuid:tenant_id>/<uuid:provider_id>", sign_in_pages.start, name="start"),
    path("sign-in/with/<uuid:provider_id>/callback", sign_in_pages.callback, name="callback"),
]
_IDENTITY_PROVIDER = "<uuid:identity_provider_id>"
urlpatterns = [
    path("", include((_sign_in, "identity_providers"))),
    path("api/v1/identity-providers", api.IdentityProviders.as_view()),
    path(f"api/v1/identity-providers/{_IDENTITY_PROVIDER}", api.IdentityProviderDetail.as_view()),
    path(f"api/v1/identity-providers/{_IDENTITY_PROVIDER}/restoration", api.IdentityProviderRestoration.as_view()),
    path(f"api/v1/identity-providers/{_IDENTITY_PROVIDER}/connection-check", api.ConnectionCheck.as_view()),
    path("api/v1/email-domains", api.EmailDomains.as_view()),
    path("api/v1/email-domains/<uuid:email_domain_id>/verification", api.EmailDomainVerification.as_view()),
    path("api/v1/me/identities", me_api.OwnIdentities.as_view()),
    path("api/v1/me/identities/<uuid:identity_id>", me_api.OwnIdentity.as_view()),
    path("settings/sign-in/providers/", pages.provider_list),
    path("settings/sign-in/providers/new", pages.provider_new),
    path("settings/sign-in/providers/<uuid:provider_id>/", pages.provider_detail),
    path("settings/sign-in/providers/<uuid:provider_id>/connection-check", pages.provider_check),
    path("settings/sign-in/providers/<uuid:provider_id>/deletion", pages.provider_deletion),
    path("settings/sign-in/providers/<uuid:provider_id>/restoration", pages.provider_restoration),
    path("settings/sign-in/domains/<uuid:domain_id>/verification", pages.domain_verification),
    path("account/security/identities/<uuid:provider_id>/link", account_pages.link),
    path("account/security/identities/<uuid:link_id>/removal", account_pages.removal),
]
