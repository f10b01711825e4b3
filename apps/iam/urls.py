"""Everything that the identity and access service answers."""

from django.urls import include, path

urlpatterns = [
    path("", include("apps.iam.tenants.urls")),
    path("", include("apps.iam.approvals.urls")),
    path("", include("apps.iam.exports.urls")),
    path("", include("apps.iam.users.urls")),
    path("", include("apps.iam.credentials.urls")),
    path("", include("apps.iam.roles.urls")),
    path("", include("apps.iam.groups.urls")),
    path("", include("apps.iam.access.urls")),
    path("", include("apps.iam.policies.urls")),
    path("", include("apps.iam.audit.urls")),
    path("", include("apps.iam.service_accounts.urls")),
    path("", include("apps.iam.applications.urls")),
    path("", include("apps.iam.authenticators.urls")),
    path("", include("apps.iam.identity_providers.urls")),
    path("", include("apps.iam.oidc.urls")),
    path("", include("apps.iam.sessions.urls")),
    path("", include("apps.iam.scim.urls")),
]
