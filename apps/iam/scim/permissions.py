"""What one may be allowed to do by SCIM, and with directories."""

from apps.core.auth.permissions import IN_PERSON, OWNERS, Permission


class ScimPermission(Permission):
    # The owner's alone among the system roles: a directory gets a role of its own, which holds nothing else.
    PROVISION = "iam.scim.provision", "Provision people and groups from a directory (SCIM)"
    CONNECT = "iam.scim.connect", "Connect directories that provision people and groups", OWNERS, IN_PERSON
