"""Reads of the identity provider."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from apps.iam.oidc import keys, pairwise
from apps.iam.oidc.errors import ClientNotFound, SubjectNotFound
from apps.iam.oidc.models import AccessToken, Application, IDToken, PairwiseSubject, RefreshToken
from apps.iam.oidc.scopes import audience


def jwks() -> dict[str, Any]:
    """The public keys as a JSON Web Key Set (RFC 7517 §5), those we sign with first. One statement."""
    return {"keys": keys.published()}


def api_client(client_id: UUID) -> Application:
    """A tenant's API client by the id that is the subject of its tokens. One statement. Raises ClientNotFound."""
    client: Application | None = Application.objects.filter(
        id=client_id, tenant_id__isnull=False, authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS
    ).first()
    if client is None:
        raise ClientNotFound(f"there is no API client {client_id}")
    return client


def api_clients(tenant_id: UUID) -> list[Application]:
    """A tenant's API clients by name. One statement."""
    return list(Application.objects.filter(tenant_id=tenant_id).order_by("name", "id"))


def client(client_id: str) -> Application | None:
    """The client with this `client_id`, if there is one that is in use. One statement."""
    found: Application | None = Application.objects.filter(client_id=client_id).first()
    return found if found is not None and found.is_usable(None) else None


def name_of_client(client_id: str) -> str:
    """What a client that asks people for consent is called; "" for our own, and for none at all. One statement."""
    if not client_id:
        return ""
    client = Application.objects.filter(client_id=client_id, skip_authorization=False).first()
    return client.name if client else ""


def clients_to_tell(sid: UUID) -> list[Application]:
    """The clients that were given tokens in a session and want to hear of its end, by id. One statement.

    Ask before the tokens are revoked. (OpenID Connect Back-Channel Logout §2.3.)
    """
    told = [model.objects.filter(sid=sid).values("application_id") for model in (RefreshToken, AccessToken, IDToken)]
    holders = Q(id__in=told[0]) | Q(id__in=told[1]) | Q(id__in=told[2])
    return list(Application.objects.filter(holders, deleted_at=None).exclude(backchannel_logout_uri="").order_by("id"))


def subject_for(client: Application, user_id: UUID) -> str:
    """What a client knows a person as (`sub`). One statement where its subjects are pairwise, else none."""
    if not client.is_pairwise:
        return str(user_id)
    row = PairwiseSubject.objects.filter(user_id=user_id, sector=client.sector).first()
    return str(row.subject if row else pairwise.subject(client.sector, user_id))


def person_behind(subject: UUID) -> UUID:
    """The person's id behind the subject of a token. One statement for a pairwise one. Raises SubjectNotFound."""
    if not pairwise.is_pairwise(subject):
        return subject
    row = PairwiseSubject.objects.filter(subject=subject).first()
    if row is None:
        raise SubjectNotFound
    return UUID(str(row.user_id))


def redirect_uris_of(client_id: str) -> list[str]:
    """Where people are sent back to a client that may act now; none for one that is unknown. One statement."""
    if not client_id:
        return []
    found = Application.objects.filter(client_id=client_id, is_enabled=True, deleted_at__isnull=True)
    return str(found.values_list("redirect_uris", flat=True).first() or "").split()


def introspection(token: str, *, asked_by: Application) -> dict[str, Any]:
    """RFC 7662 §2.2: an access token that is unknown, over, or another tenant's is not active. One statement."""
    checksum = hashlib.sha256(token.encode()).hexdigest()
    found = AccessToken.objects.select_related("application", "user").filter(token_checksum=checksum).first()
    if found is None or found.is_expired() or not found.application.is_usable(None) or not _may_know(found, asked_by):
        return {"active": False}
    is_person = found.user_id is not None
    subject = subject_for(found.application, found.user_id) if is_person else str(found.application_id)
    told = {
        "active": True,
        "iss": settings.OIDC_ISSUER,
        "sub": subject,
        "aud": audience(found.scope.split()),
        "client_id": found.application.client_id,
        "scope": found.scope,
        "token_type": "Bearer",
        "iat": int(found.created.timestamp()),
        "exp": int(found.expires.timestamp()),
    }
    told |= {"tenant": str(found.tenant_id)} if found.tenant_id else {}
    told |= {"acr": found.acr} if found.acr else {}  # RFC 9470 §6.2
    return told | ({"auth_time": int(found.authenticated_at.timestamp())} if found.authenticated_at else {})


def _may_know(token: AccessToken, client: Application) -> bool:
    return client.tenant_id is None or client.tenant_id == token.tenant_id
