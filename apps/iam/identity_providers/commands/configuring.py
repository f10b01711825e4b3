"""Say with which identity providers people sign in."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError

from apps.core.errors import PreconditionFailed
from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.iam.identity_providers import facts, queries
from apps.iam.identity_providers.commands.domains import claim_domains
from apps.iam.identity_providers.errors import IdentityProviderIsDeleted, IdentityProviderNameTaken
from apps.iam.identity_providers.events import (
    IdentityProviderCreated,
    IdentityProviderDeleted,
    IdentityProviderRestored,
    IdentityProviderUpdated,
)
from apps.iam.identity_providers.models import IdentityProvider
from apps.iam.roles import queries as roles


def create_identity_provider(*, actor: Actor, client_secret: str = "", **said: Any) -> IdentityProvider:
    """Get to know an identity provider: `facts.FACTS`, of which `name` and `issuer` are needed.

    It is offered to nobody before it is enabled, for which it needs a `client_id`. Raises InvalidIdentityProvider,
    IdentityProviderNameTaken, UnknownRole, BeyondOwnPermissions.
    """
    provider = IdentityProvider()
    _describe(provider, said, client_secret or None)
    try:
        with unit_of_work(IdentityProvider, actor=actor) as work:
            _require_own(provider, actor)
            provider.save()
            claim_domains(provider.email_domains)
            work.publish(
                IdentityProviderCreated(identity_provider_id=provider.id, name=provider.name, issuer=provider.issuer)
            )
    except IntegrityError as error:
        raise IdentityProviderNameTaken from error
    return queries.identity_provider(provider.id)


def update_identity_provider(
    *,
    provider_id: UUID,
    actor: Actor,
    client_secret: str | None = None,
    expected_version: int | None = None,
    **said: Any,
) -> IdentityProvider:
    """Change what was said of an identity provider; what is left out stays, a `client_secret` of None too.

    Safe to repeat: what changes nothing publishes nothing. Raises IdentityProviderNotFound, IdentityProviderIsDeleted,
    InvalidIdentityProvider, IdentityProviderNameTaken, UnknownRole, BeyondOwnPermissions, PreconditionFailed.
    """
    try:
        with unit_of_work(IdentityProvider, actor=actor) as work:
            provider = queries.lock_identity_provider(provider_id)
            if provider.is_deleted:
                raise IdentityProviderIsDeleted
            _check_version(provider, expected_version)
            before = {name: getattr(provider, name) for name in facts.FACTS}
            is_other_secret = client_secret is not None and client_secret != provider.secret()
            _describe(provider, said, client_secret if is_other_secret else None)
            changed = [name for name in facts.FACTS if getattr(provider, name) != before[name]]
            changed += ["client_secret"] if is_other_secret else []
            if changed:
                _require_own(provider, actor)
                provider.save()
                claim_domains(provider.email_domains)
                work.publish(_updated(provider, changed))
    except IntegrityError as error:
        raise IdentityProviderNameTaken from error
    return queries.identity_provider(provider_id)


def delete_identity_provider(
    *, provider_id: UUID, actor: Actor, now: datetime, expected_version: int | None = None
) -> IdentityProvider:
    """Let nobody sign in with it any more. The links stay, and count again once it is restored.

    Safe to repeat. Raises IdentityProviderNotFound, PreconditionFailed.
    """
    with unit_of_work(IdentityProvider, actor=actor) as work:
        provider = queries.lock_identity_provider(provider_id)
        if not provider.is_deleted:
            _check_version(provider, expected_version)
            provider.soft_delete(at=now, by=actor.id)
            provider.save(update_fields=["deleted_at", "deleted_by", "deletion_id"])
            work.publish(IdentityProviderDeleted(identity_provider_id=provider.id, name=provider.name))
    return queries.identity_provider(provider_id)


def restore_identity_provider(*, provider_id: UUID, actor: Actor) -> IdentityProvider:
    """Undo a deletion. Safe to repeat. Raises IdentityProviderNotFound, IdentityProviderNameTaken,
    BeyondOwnPermissions.
    """
    try:
        with unit_of_work(IdentityProvider, actor=actor) as work:
            provider = queries.lock_identity_provider(provider_id)
            if provider.is_deleted:
                _require_own(provider, actor)
                provider.restore()
                provider.save(update_fields=["deleted_at", "deleted_by", "deletion_id"])
                work.publish(IdentityProviderRestored(identity_provider_id=provider.id, name=provider.name))
    except IntegrityError as error:
        raise IdentityProviderNameTaken from error
    return queries.identity_provider(provider_id)


def _describe(provider: IdentityProvider, said: dict[str, Any], secret: str | None) -> None:
    unknown = sorted(set(said) - set(facts.FACTS))
    if unknown:
        raise TypeError(f"an identity provider has no {', '.join(unknown)}")
    for name, value in said.items():
        setattr(provider, name, facts.tidied(name, value))
    facts.check(provider)
    if secret is not None:
        facts.check_secret(secret)
        provider.set_secret(secret)


def _require_own(provider: IdentityProvider, actor: Actor) -> None:
    """Nobody lets others be given more than they hold. Raises UnknownRole, BeyondOwnPermissions."""
    named = roles.roles_by_code(facts.roles_named(provider))
    roles.require_within_own(actor, frozenset().union(*(role.permissions for role in named)))


def _check_version(provider: IdentityProvider, expected: int | None) -> None:
    if expected is not None and provider.version != expected:
        raise PreconditionFailed(version=provider.version)


def _updated(provider: IdentityProvider, changed: list[str]) -> IdentityProviderUpdated:
    return IdentityProviderUpdated(
        identity_provider_id=provider.id, name=provider.name, changed=tuple(changed), is_enabled=provider.is_enabled
    )
