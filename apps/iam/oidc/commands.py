"""Writes of the identity provider besides those of the protocol: our own client, and the end of a session."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from oauth2_provider.models import clear_expired

from apps.core.events import unit_of_work
from apps.core.history import SYSTEM, Actor, acting
from apps.core.observability import trace_id
from apps.iam.audit.commands import record_security_event
from apps.iam.audit.kinds import Kind
from apps.iam.oidc import device_codes, pairwise, queries
from apps.iam.oidc.clients.errors import InvalidApplication
from apps.iam.oidc.errors import ClientNotFound
from apps.iam.oidc.models import ES256, AccessToken, Application, Grant, PairwiseSubject, RefreshToken

CALLBACK = "/auth/callback"
SIGNED_OUT = "/auth/signed-out"
BACKCHANNEL_LOGOUT = "/auth/backchannel-logout"


def ensure_bff_client() -> Application:
    """Register the gateway as the platform's own client, or bring its addresses and secret up to date.

    Safe to repeat, and to be repeated under another address: the settings decide. Raises ImproperlyConfigured.
    """
    secret = settings.OIDC_RP_CLIENT_SECRET
    if not secret:
        raise ImproperlyConfigured("BFF_CLIENT_SECRET is not set: the gateway needs it to sign people in")
    with acting(SYSTEM, trace_id=trace_id()), unit_of_work(Application):
        client: Application = Application.objects.select_for_update().get_or_create(
            client_id=settings.OIDC_RP_CLIENT_ID,
            defaults={"client_secret": secret, **_bff_facts()},
        )[0]
        outdated = {name: value for name, value in _bff_facts().items() if getattr(client, name) != value}
        if not check_password(secret, client.client_secret):
            outdated["client_secret"] = secret
        for name, value in outdated.items():
            setattr(client, name, value)
        if outdated:
            client.save(update_fields=list(outdated))
    return client


def keep_subject(*, client: Application, user_id: UUID) -> str:
    """What a client knows a person as (`sub`), from now on for good. Safe to repeat; without pairwise subjects it does
    nothing.
    """
    if client.is_pairwise:
        sector = client.sector
        with unit_of_work(PairwiseSubject):
            PairwiseSubject.objects.get_or_create(
                user_id=user_id, sector=sector, defaults={"subject": pairwise.subject(sector, user_id)}
            )
    return queries.subject_for(client, user_id)


def trust_with_token_exchange(*, client_id: str, trusted: bool, actor: Actor) -> Application:
    """Let a confidential client exchange tokens, or no longer. The operator's decision: whoever has the client's secret
    and a token of an administrator's for it can act as others. Safe to repeat. Raises ClientNotFound,
    InvalidApplication.
    """
    with unit_of_work(Application, actor=actor):
        client: Application | None = Application.objects.select_for_update().filter(client_id=client_id).first()
        if client is None or client.deleted_at is not None:
            raise ClientNotFound(f"there is no client {client_id}")
        if trusted and client.client_type != Application.CLIENT_CONFIDENTIAL:
            raise InvalidApplication("a public client keeps no secret: anybody could exchange tokens in its name")
        if client.may_exchange_tokens != trusted:
            client.may_exchange_tokens = trusted
            client.save(update_fields=["may_exchange_tokens"])
            record_security_event(
                Kind.APPLICATION_CHANGED,
                subject_id=client.id,
                actor=actor,
                tenant_id=client.tenant_id,
                details={"client_id": client_id, "may_exchange_tokens": str(trusted).lower()},
            )
    return client


def revoke_tokens(*, sid: UUID) -> None:
    """Revoke every code and token that was issued in a session. Safe to repeat."""
    with unit_of_work(RefreshToken):
        families = set(
            RefreshToken.objects.filter(sid=sid, revoked__isnull=True).values_list("token_family", flat=True)
        )
        families |= set(Grant.objects.filter(sid=sid).values_list("token_family", flat=True))
        for family in sorted(families, key=str):
            RefreshToken.revoke_family(family)
        AccessToken.objects.filter(sid=sid).delete()
        Grant.objects.filter(sid=sid).delete()


def keep_tokens(*, sid: UUID, auth_hash: str) -> None:
    """Let the tokens of a session go on although the person's password is another one now (`auth_hash`: Django's
    session hash under it). Call it in the transaction of the change. Safe to repeat.
    """
    RefreshToken.objects.filter(sid=sid, revoked__isnull=True).update(auth_hash=auth_hash)


def forget_expired() -> None:
    """Delete what is over: codes, tokens, and used refresh tokens too old to be replayed. Safe to repeat."""
    clear_expired()
    device_codes.forget_over(now=timezone.now())


def _bff_facts() -> dict[str, object]:
    return {
        "name": "Console",
        "client_type": Application.CLIENT_CONFIDENTIAL,
        "authorization_grant_type": Application.GRANT_AUTHORIZATION_CODE,
        "redirect_uris": f"{settings.OIDC_RP_BASE_URL}{CALLBACK}",
        "post_logout_redirect_uris": f"{settings.OIDC_RP_BASE_URL}{SIGNED_OUT}",
        "backchannel_logout_uri": f"{settings.OIDC_RP_BASE_URL}{BACKCHANNEL_LOGOUT}",
        "backchannel_logout_session_required": True,
        "may_exchange_tokens": True,
        "algorithm": ES256,
        "skip_authorization": True,
    }
