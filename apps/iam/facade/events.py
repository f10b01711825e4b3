"""What the identity and access service announces. This list is the contract."""

from apps.core.webhooks.events import (
    WebhookEndpointCreated,
    WebhookEndpointDeleted,
    WebhookEndpointDisabled,
    WebhookEndpointRestored,
    WebhookEndpointUpdated,
    WebhookReplayRequested,
    WebhookSecretRotated,
)
from apps.iam.audit.events import SecurityEventRecorded, SecurityLogAnchored
from apps.iam.credentials.events import InvitationAccepted, InvitationRevoked, InvitationSent
from apps.iam.groups.events import (
    GroupCreated,
    GroupDeleted,
    GroupMembersAdded,
    GroupMembersRemoved,
    GroupRestored,
    GroupRolesChanged,
    GroupUpdated,
)
from apps.iam.identity_providers.events import (
    EmailDomainVerified,
    IdentityLinked,
    IdentityProviderCreated,
    IdentityProviderDeleted,
    IdentityProviderRestored,
    IdentityProviderUpdated,
    IdentityUnlinked,
)
from apps.iam.policies.events import PolicyCreated, PolicyDeleted, PolicyRestored, PolicyUpdated
from apps.iam.roles.events import (
    RoleAssigned,
    RoleAssignmentEnded,
    RoleCreated,
    RoleDeleted,
    RoleRestored,
    RoleUpdated,
    SeparationRuleCreated,
    SeparationRuleDeleted,
)
from apps.iam.scim.events import DirectoryEntryChanged
from apps.iam.sessions.events import SessionEnded
from apps.iam.tenants.events import TenantCreated, TenantStatusChanged
from apps.iam.users.events import (
    MemberDeleted,
    MemberEmailChanged,
    MemberInvited,
    MemberRestored,
    MemberRolesChanged,
    MemberUpdated,
    PersonErased,
)

__all__ = [
    "DirectoryEntryChanged",
    "EmailDomainVerified",
    "GroupCreated",
    "GroupDeleted",
    "GroupMembersAdded",
    "GroupMembersRemoved",
    "GroupRestored",
    "GroupRolesChanged",
    "GroupUpdated",
    "IdentityLinked",
    "IdentityProviderCreated",
    "IdentityProviderDeleted",
    "IdentityProviderRestored",
    "IdentityProviderUpdated",
    "IdentityUnlinked",
    "InvitationAccepted",
    "InvitationRevoked",
    "InvitationSent",
    "MemberDeleted",
    "MemberEmailChanged",
    "MemberInvited",
    "MemberRestored",
    "MemberRolesChanged",
    "MemberUpdated",
    "PersonErased",
    "PolicyCreated",
    "PolicyDeleted",
    "PolicyRestored",
    "PolicyUpdated",
    "RoleAssigned",
    "RoleAssignmentEnded",
    "RoleCreated",
    "RoleDeleted",
    "RoleRestored",
    "RoleUpdated",
    "SecurityEventRecorded",
    "SecurityLogAnchored",
    "SeparationRuleCreated",
    "SeparationRuleDeleted",
    "SessionEnded",
    "TenantCreated",
    "TenantStatusChanged",
    "WebhookEndpointCreated",
    "WebhookEndpointDeleted",
    "WebhookEndpointDisabled",
    "WebhookEndpointRestored",
    "WebhookEndpointUpdated",
    "WebhookReplayRequested",
    "WebhookSecretRotated",
]
