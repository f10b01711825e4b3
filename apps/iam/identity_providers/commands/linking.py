"""Link people with identities at other providers, and unlink them."""

from __future__ import annotations

from uuid import UUID

from apps.core.events import unit_of_work
from apps.core.events.unit import UnitOfWork
from apps.core.history import Actor
from apps.iam.authenticators import queries as authenticators
from apps.iam.identity_providers import queries, vouching
from apps.iam.identity_providers.errors import IdentityTaken, LastWayIn
from apps.iam.identity_providers.events import IdentityLinked, IdentityUnlinked
from apps.iam.identity_providers.identities import Identity
from apps.iam.identity_providers.models import IdentityLink, IdentityProvider
from apps.iam.users import queries as people


def link_identity(*, provider_id: UUID, user_id: UUID, identity: Identity, actor: Actor) -> IdentityLink:
    """Let a person, who has signed in and asked for it, sign in with this identity too. Safe to repeat.

    Raises IdentityProviderNotFound, UserNotFound, KeptOut, OwnWayNeeded, IdentityTaken.
    """
    with unit_of_work(IdentityLink, actor=actor) as work:
        queries.usable(provider_id)
        provider = queries.lock_identity_provider(provider_id)
        known = queries.link_of_subject(provider_id, identity.subject)
        if known is not None and known.user_id == user_id:
            return known
        if known is not None or queries.link_of_person(provider_id, user_id):
            raise IdentityTaken
        user = people.user(user_id)
        vouching.check_person(provider, user)
        return make_link(work, provider, user, identity, how="person")


def unlink_identity(*, link_id: UUID, user_id: UUID, actor: Actor) -> None:
    """Let a person no longer sign in with this identity. Raises IdentityLinkNotFound, LastWayIn, UserNotFound."""
    with unit_of_work(IdentityLink, actor=actor) as work:
        user = people.lock_user(user_id)  # of two at once, the second sees what the first has left
        link = queries.link(link_id, user_id=user_id)
        has_own_way = user.has_usable_password() or authenticators.Kind.PASSKEY in authenticators.kinds_of(user_id)
        if not has_own_way and queries.link_count_everywhere(user_id) <= 1:
            raise LastWayIn
        IdentityLink.objects.in_tenant().filter(id=link.id).delete()
        work.publish(
            IdentityUnlinked(
                identity_link_id=link.id,
                identity_provider_id=link.provider_id,
                user_id=user_id,
                provider=link.provider.name,
            )
        )


def make_link(
    work: UnitOfWork, provider: IdentityProvider, user: object, identity: Identity, *, how: str
) -> IdentityLink:
    """The link, and what tells of it. The caller has decided that it may be, and holds the provider's lock."""
    link = IdentityLink(provider=provider, user=user, subject=identity.subject, email=identity.email)
    link.save()
    work.publish(
        IdentityLinked(
            identity_link_id=link.id,
            identity_provider_id=provider.id,
            user_id=link.user_id,
            provider=provider.name,
            how=how,
        )
    )
    return link
