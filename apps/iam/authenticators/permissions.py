"""What one may be allowed to do about how people sign in."""

from apps.core.auth.permissions import IN_PERSON, MANAGERS, OWNERS, Permission


class SignInPermission(Permission):
    MANAGE_POLICY = "sign_in_policy.manage", "Decide how people must sign in", OWNERS, IN_PERSON
    RESET = "authenticators.reset", "Reset the second factors of somebody who lost them", MANAGERS, IN_PERSON
