"""What one may be allowed to do about identity providers of others."""

from apps.core.auth.permissions import IN_PERSON, OWNERS, Permission


class IdentityProviderPermission(Permission):
    VIEW = "identity_providers.view", "See which identity providers people sign in with", OWNERS
    # Whoever decides whose word is taken for who somebody is can become anybody here.
    MANAGE = "identity_providers.manage", "Decide which identity providers people sign in with", OWNERS, IN_PERSON
