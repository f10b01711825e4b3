"""Let somebody in whom an identity provider has vouched for; at the first time, find or make their account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.core.events import unit_of_work
from apps.core.events.unit import UnitOfWork
from apps.core.history import SYSTEM
from apps.iam.authenticators import queries as authenticators
from apps.iam.identity_providers import queries, vouching
from apps.iam.identity_providers.commands.linking import make_link
from apps.iam.identity_providers.errors import (
    EmailNotVouchedFor,
    IdentityTaken,
    LinkItYourself,
    NoRoleGiven,
    NotProvisioned,
)
from apps.iam.identity_providers.identities import Identity
from apps.iam.identity_providers.models import IdentityLink, IdentityProvider
from apps.iam.users import commands as users
from apps.iam.users import queries as people
from apps.iam.users.errors import MemberNotFound

_SECOND_FACTORS = {"mfa", "otp", "hwk"}


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who may come in, and by which methods they are known to be it (`amr`, RFC 8176)."""

    user: Any
    amr: tuple[str, ...]


def admit(*, provider_id: UUID, identity: Identity, now: datetime) -> Admitted:
    """The person behind an identity, with the roles that its groups give here. Safe to repeat.

    Person, membership, link and their events come into being together or not at all. Raises
    IdentityProviderNotFound, FederatedSignInFailed, IdentityTaken, and as `users.change_roles` and inviting do.
    """
    with unit_of_work(IdentityLink, actor=SYSTEM) as work:
        provider = queries.usable(provider_id)
        link = queries.link_of_subject(provider_id, identity.subject)
        if link is None:
            # Two first sign-ins at the same moment make one account: the second finds what the first made.
            provider = queries.lock_identity_provider(provider_id)
            link = queries.link_of_subject(provider_id, identity.subject) or _first(work, provider, identity, now)
        membership = vouching.check_person(provider, link.user)
        if membership.status == membership.Status.INVITED:
            users.join(user_id=link.user_id, now=now)
        _keep_roles(provider, link.user_id, identity, now)
        IdentityLink.objects.in_tenant().filter(id=link.id).update(last_used_at=now)
        return Admitted(link.user, _methods(provider, link.user, identity))


def _first(work: UnitOfWork, provider: IdentityProvider, identity: Identity, now: datetime) -> IdentityLink:
    """Nobody is linked with the identity yet. Whether anybody has the address is not told before it is vouched for."""
    if not vouching.is_for_address(provider, identity):
        raise EmailNotVouchedFor
    known = people.user_by_email(identity.email)
    if known is None:
        user = _provision(provider, identity, now)
        return make_link(work, provider, user, identity, how="provisioned")
    if provider.linking != IdentityProvider.Linking.VERIFIED_EMAIL or not _is_theirs(known):
        raise LinkItYourself
    if queries.link_of_person(provider.id, known.pk):
        raise IdentityTaken
    try:
        people.membership(known.pk)
    except MemberNotFound:
        _provision(provider, identity, now)
    return make_link(work, provider, known, identity, how="email")


def _is_theirs(user: Any) -> bool:
    """True if the account is that of whoever reads the address's mail, or nobody's yet. Otherwise somebody else may
    have made it in wait for them, and would know its password.
    """
    if user.email_verified:
        return True
    return not (
        user.has_usable_password() or authenticators.kinds_of(user.pk) or queries.link_count_everywhere(user.pk)
    )


def _provision(provider: IdentityProvider, identity: Identity, now: datetime) -> Any:
    if not provider.provisions:
        raise NotProvisioned
    codes = set(provider.default_roles) | _given_by_groups(provider, identity)
    if not codes:
        raise NoRoleGiven
    membership, is_new = users.add_member(
        email=identity.email, name=identity.name, roles=codes, password=None, actor=SYSTEM, now=now
    )
    if is_new:
        users.verify_email(user_id=membership.user_id, now=now)
    return people.user(membership.user_id)


def _keep_roles(provider: IdentityProvider, user_id: UUID, identity: Identity, now: datetime) -> None:
    """Roles that groups give come and go with the groups; the others are none of the provider's business."""
    if not provider.role_mapping:
        return
    held = frozenset(people.member(user_id).role_codes)
    wanted = (held - set(provider.role_mapping.values())) | _given_by_groups(provider, identity)
    wanted = wanted or frozenset(provider.default_roles)
    if not wanted:
        raise NoRoleGiven
    if wanted != held:
        users.change_roles(user_id=user_id, roles_held=wanted, actor=SYSTEM, now=now)


def _given_by_groups(provider: IdentityProvider, identity: Identity) -> frozenset[str]:
    return frozenset(role for group, role in provider.role_mapping.items() if group in identity.groups)


def _methods(provider: IdentityProvider, user: Any, identity: Identity) -> tuple[str, ...]:
    """Its word that a second factor was used counts only for people who are this company's alone: they would else be
    spared the one that another company asks for.
    """
    used = identity.amr & _SECOND_FACTORS
    if not provider.trusts_mfa or "mfa" not in used or vouching.is_elsewhere(user):
        return ("fed",)
    return ("fed", *sorted(used))
