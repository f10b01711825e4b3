"""From a credential to the principal: what the subject of a token, or the holder of a key, may do at this moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from apps.core.auth import Principal, api_keys
from apps.core.auth.permissions import platform_permissions
from apps.core.auth.principal import API_KEY
from apps.core.db.compiled import CompiledRead
from apps.core.db.replicas import primary_only
from apps.core.errors import NotFound, Unauthenticated
from apps.core.history import Origin, coming_from
from apps.core.tenancy import PLATFORM, require_tenant_id
from apps.core.tenancy import tenant as entered
from apps.iam.oidc import people
from apps.iam.oidc import queries as oidc
from apps.iam.oidc.clients import queries as clients
from apps.iam.oidc.clients import standing
from apps.iam.oidc.throttle import network
from apps.iam.roles import queries as roles
from apps.iam.service_accounts import commands as key_commands
from apps.iam.service_accounts import queries as accounts
from apps.iam.service_accounts.errors import ApiKeyRefused
from apps.iam.sessions import commands as session_commands
from apps.iam.sessions import queries as sessions
from apps.iam.sessions.permissions import ImpersonationPermission
from apps.iam.tenants import plans
from apps.iam.tenants import queries as tenants
from apps.iam.users import queries as members


class AccessRevoked(Unauthenticated):
    """The person, the service account, the membership or the tenant is suspended or gone."""

    code = "access_revoked"


class SessionOver(AccessRevoked):
    """The session has ended: sign in again."""

    code = "session_over"


_IN_SESSION = CompiledRead(
    lambda user_id, sid: members.membership_rows(user_id, session=sessions.standing(sid)), "user_id", "sid"
)


@dataclass(frozen=True, slots=True)
class _Subject:
    kind: str
    name: str
    email: str = ""
    time_zone: str = ""
    impersonator_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class _Impersonator:
    """Who acts as a person, and what they may do themselves."""

    id: UUID
    name: str
    permissions: frozenset[str]


def principal(*, claims: dict[str, Any], via_cookie: bool = False) -> Principal:
    """See the facade. Three statements, one more now and then (`note_seen`), two for other applications than our own
    gateway, one where the subject is pairwise, and two while somebody acts as the person. Raises AccessRevoked.
    """
    subject, tenant_id = _subject(claims), _uuid(claims, "tenant")
    if tenant_id == PLATFORM:
        return _of_platform(subject, claims, via_cookie=via_cookie)
    try:
        tenant = tenants.tenant_by_id(tenant_id)
        with entered(tenant_id):
            who = _service(subject) if _is_service(claims) else _person(subject, claims)
            granted = roles.granted_to(subject, kind=who.kind)
            acting = _impersonator(who.impersonator_id) if who.impersonator_id else None
    except NotFound as error:
        raise AccessRevoked from error
    if not tenant.is_active:
        raise AccessRevoked(f"{tenant.name} is suspended")
    return Principal(
        subject=subject,
        kind=who.kind,  # type: ignore[arg-type]
        tenant_id=tenant_id,
        # Roles may change meanwhile: acting as somebody never allows more than the two may both do.
        permissions=granted.permissions & acting.permissions if acting else granted.permissions,
        limited_to=acting.permissions if acting else None,
        holdings=granted.holdings,
        name=who.name,
        email=who.email,
        tenant_name=tenant.name,
        tenant_slug=tenant.slug,
        time_zone=who.time_zone or tenant.time_zone,
        tenant_time_zone=tenant.time_zone,
        colour=tenant.colour,
        limits=plans.limits_of(tenant.plan, tenant.plan_overrides),
        roles=granted.roles,
        method="session" if via_cookie else "bearer",
        session_id=str(claims.get("sid", "")),
        scopes=frozenset(str(claims.get("scope", "")).split()),
        via_cookie=via_cookie,
        acr=str(claims.get("acr", "")),
        authenticated_at=_instant(claims.get("auth_time")),
        impersonator_id=acting.id if acting else None,
        impersonator_name=acting.name if acting else "",
    )


def _of_platform(subject: UUID, claims: dict[str, Any], *, via_cookie: bool) -> Principal:
    """The platform's staff, or a client that the platform owns (ADR 15). Nobody acts in their name."""
    try:
        with entered(PLATFORM):
            who = _service(subject) if _is_service(claims) else _staff(subject, claims)
    except NotFound as error:
        raise AccessRevoked from error
    return Principal(
        subject=subject,
        kind=who.kind,  # type: ignore[arg-type]
        tenant_id=PLATFORM,
        permissions=frozenset(platform_permissions()),
        name=who.name,
        email=who.email,
        tenant_name=people.PLATFORM_NAME,
        time_zone=who.time_zone or "UTC",
        method="session" if via_cookie else "bearer",
        session_id=str(claims.get("sid", "")),
        scopes=frozenset(str(claims.get("scope", "")).split()),
        via_cookie=via_cookie,
        acr=str(claims.get("acr", "")),
        authenticated_at=_instant(claims.get("auth_time")),
    )


def principal_of_key(*, key: str, address: str = "", user_agent: str = "") -> Principal:
    """See the facade. Four statements. Raises ApiKeyRefused, whatever the reason.

    A key that is wrong and one that is over take the same way: its digest is looked up, and no more.
    """
    now, place = timezone.now(), network(address)
    tenant_id, digest = api_keys.tenant_of(key) or PLATFORM, api_keys.digest_of(key)
    with primary_only(), coming_from(Origin(address=address, user_agent=user_agent)), entered(tenant_id):
        try:
            found = accounts.key_by_digest(digest, address=place, now=now)
            principal = _principal_of_row(found, tenant_id)
        except (ApiKeyRefused, NotFound, AccessRevoked) as error:
            key_commands.note_refusal(digest=digest, address=place)
            raise ApiKeyRefused from error
        key_commands.note_use(key=found, address=place, actor=principal.actor, now=now)
    return principal


def _principal_of_row(key: Any, tenant_id: UUID) -> Principal:
    tenant = tenants.tenant_by_id(tenant_id)
    who = _person(key.holder_id, {}) if key.holder_kind == "user" else _service_with_key(key.holder_id)
    granted = roles.granted_to(key.holder_id, kind=who.kind)
    if not tenant.is_active:
        raise AccessRevoked
    scopes = granted.permissions if key.scopes is None else frozenset(key.scopes)
    return Principal(
        subject=key.holder_id,
        kind=who.kind,  # type: ignore[arg-type]
        tenant_id=tenant_id,
        permissions=granted.permissions & scopes,
        holdings=granted.holdings,
        limited_to=None if key.scopes is None else scopes,
        name=who.name,
        email=who.email,
        tenant_name=tenant.name,
        tenant_slug=tenant.slug,
        tenant_time_zone=tenant.time_zone,
        limits=plans.limits_of(tenant.plan, tenant.plan_overrides),
        roles=granted.roles,
        method=API_KEY,
        scopes=frozenset(key.scopes or ()),
    )


def _service_with_key(account_id: UUID) -> _Subject:
    return _Subject("service", accounts.usable_service_account(account_id).name)


def _instant(seconds: object) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int | float) else None


def _is_service(claims: dict[str, Any]) -> bool:
    """RFC 9068 §2.2: without a person behind it the subject of a token is the client itself."""
    return claims.get("sub") == claims.get("client_id")


def _person(user_id: UUID, claims: dict[str, Any]) -> _Subject:
    sid = _uuid(claims, "sid") if "sid" in claims else None
    membership = _membership_in_session(user_id, sid) if sid else members.membership(user_id)
    person = membership.user
    if membership.standing:
        raise AccessRevoked
    impersonator_id = None
    if sid is not None:
        impersonator_id = _live(sid, sessions.Standing.of(membership.session), user_id).impersonator_id
    if "client_id" in claims:
        _check_client(claims, impersonator_id or user_id)  # the one who uses it is the one who was asked
    own_zone = "" if person.time_zone == "UTC" else person.time_zone
    return _Subject("user", membership.name, person.email, own_zone, impersonator_id)


def _membership_in_session(user_id: UUID, sid: UUID) -> Any:
    found = _IN_SESSION(user_id=user_id, sid=sid)
    if not found:
        raise AccessRevoked
    return found[0]


def _staff(user_id: UUID, claims: dict[str, Any]) -> _Subject:
    sid = _uuid(claims, "sid") if "sid" in claims else None
    person: Any = members.user(user_id, **({"session": sessions.standing(sid)} if sid else {}))
    if not person.is_platform_staff or not person.is_active or "act" in claims:
        raise AccessRevoked
    if sid is not None and _live(sid, sessions.Standing.of(person.session), user_id).impersonator_id is not None:
        raise AccessRevoked
    if "client_id" in claims:
        _check_client(claims, user_id)
    return _Subject("user", person.name, person.email, person.time_zone)


def _live(sid: UUID, session: sessions.Standing | None, user_id: UUID) -> sessions.Standing:
    now = timezone.now()
    if session is None or session.user_id != user_id or session.is_over(at=now):
        raise SessionOver
    session_commands.note_seen(session_id=sid, last_seen_at=session.last_seen_at, now=now)
    return session


def _impersonator(user_id: UUID) -> _Impersonator:
    acting = _person(user_id, {})
    permissions = roles.granted_to(user_id).permissions
    if ImpersonationPermission.IMPERSONATE not in permissions:
        raise AccessRevoked(f"{acting.name} may no longer act as somebody else")
    return _Impersonator(user_id, acting.name, permissions)


def _check_client(claims: dict[str, Any], user_id: UUID) -> None:
    """A token of an application that may no longer act, or no longer for this person, is over at once."""
    if claims["client_id"] == settings.OIDC_RP_CLIENT_ID:
        return  # our own gateway: its sessions say when its tokens are over
    client, issued_at = clients.client_of_token(str(claims["client_id"])), _instant(claims.get("iat"))
    if client is None or issued_at is None:
        raise AccessRevoked
    tenant_id = require_tenant_id()
    if not standing.may_act_for(client, user_id=user_id, tenant_id=tenant_id, since=issued_at):
        raise AccessRevoked("the application may no longer act for you")


def _service(account_id: UUID) -> _Subject:
    return _Subject("service", accounts.service_account_with_client(account_id).name)


def _subject(claims: dict[str, Any]) -> UUID:
    try:
        return oidc.person_behind(_uuid(claims, "sub"))
    except NotFound as error:
        raise AccessRevoked from error


def _uuid(claims: dict[str, Any], name: str) -> UUID:
    try:
        return UUID(str(claims.get(name, "")))
    except ValueError as error:
        raise AccessRevoked(f"the access token names no {name}: sign in again") from error
