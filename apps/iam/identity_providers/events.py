"""What others may know about identity providers and linked identities. All of one thing's events are in order."""

from __future__ import annotations

from uuid import UUID

from apps.core.events import Event, event
from apps.iam.audit.kinds import Kind
from apps.iam.audit.relevance import security_relevant

_TOPIC = "iam.identity_providers"


@security_relevant(
    Kind.IDENTITY_PROVIDER_CHANGED, subject="identity_provider_id", shows=("name", "issuer"), change="created"
)
@event(topic=_TOPIC, aggregate="IdentityProvider", version=1)
class IdentityProviderCreated(Event):
    """A tenant got to know an identity provider of somebody else; the first event of one."""

    identity_provider_id: UUID
    name: str
    issuer: str


@security_relevant(
    Kind.IDENTITY_PROVIDER_CHANGED, subject="identity_provider_id", shows=("name", "changed"), change="updated"
)
@event(topic=_TOPIC, aggregate="IdentityProvider", version=1)
class IdentityProviderUpdated(Event):
    """These settings of an identity provider are others now."""

    identity_provider_id: UUID
    name: str
    changed: tuple[str, ...]
    is_enabled: bool


@security_relevant(Kind.IDENTITY_PROVIDER_CHANGED, subject="identity_provider_id", shows=("name",), change="deleted")
@event(topic=_TOPIC, aggregate="IdentityProvider", version=1)
class IdentityProviderDeleted(Event):
    """Nobody signs in with an identity provider any more."""

    identity_provider_id: UUID
    name: str


@security_relevant(Kind.IDENTITY_PROVIDER_CHANGED, subject="identity_provider_id", shows=("name",), change="restored")
@event(topic=_TOPIC, aggregate="IdentityProvider", version=1)
class IdentityProviderRestored(Event):
    """A deleted identity provider is back, with the links of before."""

    identity_provider_id: UUID
    name: str


@security_relevant(Kind.SETTINGS_CHANGED, subject="email_domain_id", shows=("domain",), settings="email_domain")
@event(topic=_TOPIC, aggregate="EmailDomain", version=1)
class EmailDomainVerified(Event):
    """A tenant has proved that an e-mail domain is its own."""

    email_domain_id: UUID
    domain: str


@security_relevant(Kind.IDENTITY_LINKED, subject="user_id", shows=("provider", "how"))
@event(topic=_TOPIC, aggregate="IdentityLink", version=1)
class IdentityLinked(Event):
    """A person can sign in with an identity provider from now on. `how`: `person`, `email` or `provisioned`."""

    identity_link_id: UUID
    identity_provider_id: UUID
    user_id: UUID
    provider: str
    how: str


@security_relevant(Kind.IDENTITY_UNLINKED, subject="user_id", shows=("provider",))
@event(topic=_TOPIC, aggregate="IdentityLink", version=1)
class IdentityUnlinked(Event):
    """A person can no longer sign in with an identity provider."""

    identity_link_id: UUID
    identity_provider_id: UUID
    user_id: UUID
    provider: str
