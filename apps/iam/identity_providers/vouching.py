"""For whom an identity provider's word is good, and where.

What a company's provider says holds in that company alone: its administrators decide what it says. A person who is
somewhere else too is believed only where the company has proved that the domain of their address is its own, since
then it could read their mail, and so reset their password, anyway. The platform's staff always sign in themselves.
"""

from __future__ import annotations

from typing import Any

from apps.core.tenancy import require_tenant_id
from apps.iam.identity_providers import queries
from apps.iam.identity_providers.errors import KeptOut, OwnWayNeeded
from apps.iam.identity_providers.identities import Identity
from apps.iam.identity_providers.models import IdentityProvider
from apps.iam.users import queries as users
from apps.iam.users.errors import MemberNotFound
from apps.iam.users.names import folded


def is_for_address(provider: IdentityProvider, identity: Identity) -> bool:
    """True if the provider's word is enough to know whose address it is: verified there, at a domain that the provider
    is for, and that the tenant has proved. One statement.
    """
    return identity.email_verified and bool(_proved(provider, identity.email_domain))


def check_person(provider: IdentityProvider, user: Any) -> Any:
    """The membership here of a person who may sign in with this provider. Raises KeptOut, OwnWayNeeded."""
    if not user.is_active or user.is_deleted:
        raise KeptOut
    if user.is_platform_staff:
        raise OwnWayNeeded("the platform's staff sign in with their own password or passkey")
    try:
        membership = users.membership(user.pk)
    except MemberNotFound as error:
        raise KeptOut from error
    if membership.is_deleted or membership.status == membership.Status.SUSPENDED:
        raise KeptOut
    if is_elsewhere(user) and not _proved(provider, folded(user.email).rpartition("@")[2]):
        raise OwnWayNeeded
    return membership


def is_elsewhere(user: Any) -> bool:
    """True for somebody who belongs to another tenant too. One statement."""
    here = require_tenant_id()
    return any(own.tenant_id != here for own in users.memberships_of(user.pk))


def _proved(provider: IdentityProvider, domain: str) -> frozenset[str]:
    return queries.proved_among({domain}) if domain in provider.email_domains else frozenset()
