"""What the identity and access service is made of."""

from __future__ import annotations

NAME = "iam"
DATABASE = "default"
FEATURES = (
    "tenants",
    "users",
    "roles",
    "groups",
    "access",
    "policies",
    "oidc",
    "credentials",
    "sessions",
    "service_accounts",
    "applications",
    "audit",
    "authenticators",
    "approvals",
    "scim",
    "identity_providers",
    "exports",
)
TOPICS = (
    "iam.directory",
    "iam.groups",
    "iam.identity_providers",
    "iam.invitations",
    "iam.policies",
    "iam.roles",
    "iam.security",
    "iam.sessions",
    "iam.tenants",
    "iam.users",
    "iam.webhooks",
)
