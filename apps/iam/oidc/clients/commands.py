"""Every write of a tenant's clients. The tenant is the one entered; secrets are returned once and kept as hashes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings

from apps.core.db.ids import uuid7
from apps.core.errors import PreconditionFailed
from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.core.tenancy import require_tenant_id
from apps.iam.audit.commands import record_security_event
from apps.iam.audit.kinds import Kind
from apps.iam.oidc.clients import facts as client_facts
from apps.iam.oidc.clients import queries, tokens
from apps.iam.oidc.clients.errors import (
    ApplicationIsDeleted,
    ApplicationNotDeleted,
    ClientExists,
    ConfirmationWrong,
    HasNoSecret,
    InvalidApplication,
)
from apps.iam.oidc.models import Application
from apps.iam.roles import queries as roles

_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Registered:
    """A client, and its secret where it keeps one: shown now and never again."""

    client: Application
    secret: str | None


def register(*, kind: str, actor: Actor, **facts: Any) -> Registered:
    """Make an application through which people sign in: `web`, `native` or `single_page`. Facts are those of `facts`.

    Raises InvalidApplication.
    """
    if kind not in Application.Kind.values or kind == Application.Kind.MACHINE:
        raise InvalidApplication(errors={"kind": ["one of web, native, single_page"]})
    client_id = uuid7()
    client = Application(
        id=client_id,
        client_id=str(client_id),
        tenant_id=require_tenant_id(),
        kind=kind,
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
        algorithm=Application.RS256_ALGORITHM,
    )
    client_facts.apply(client, {"name": "", "redirect_uris": [], **facts})
    return _registered(client, actor)


def register_machine(*, account_id: UUID, name: str, actor: Actor) -> str:
    """Give a service account OAuth client credentials. Its id is the client's and the subject of its tokens, since
    without a person the subject is the client (RFC 9068 §2.2). Returns the secret. Raises ClientExists.
    """
    with unit_of_work(Application, actor=actor):
        if Application.objects.filter(id=account_id).exists():
            raise ClientExists
        client = Application(
            id=account_id,
            client_id=str(account_id),
            tenant_id=require_tenant_id(),
            kind=Application.Kind.MACHINE,
            authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
        )
        client_facts.apply(client, {"name": name})
        return str(_registered(client, actor).secret)


def update(*, application_id: UUID, actor: Actor, expected_version: int | None = None, **facts: Any) -> Application:
    """Change some facts of an application. Disabling one (`is_enabled`) keeps everybody out at once.

    Safe to repeat: what changes nothing tells nothing. Raises ApplicationNotFound, ApplicationIsDeleted,
    InvalidApplication, PreconditionFailed.
    """
    with unit_of_work(Application, actor=actor):
        client = _locked(application_id, expected_version)
        if client.is_deleted:
            raise ApplicationIsDeleted
        changed = client_facts.apply(client, facts)
        if changed:
            _save(client, changed)
            if not client.is_enabled and "is_enabled" in changed:
                tokens.revoke_all(application_id=client.id)
            details = {"name": client.name, "changed": ", ".join(changed)}
            record_security_event(Kind.APPLICATION_CHANGED, subject_id=client.id, details=details)
    return client


def rotate_secret(*, application_id: UUID, overlap_s: int, actor: Actor, now: datetime) -> Registered:
    """Another secret; the one of before stays good for the overlap. An older one ends now.

    Raises ApplicationNotFound, ApplicationIsDeleted, HasNoSecret, InvalidApplication, BeyondOwnPermissions.
    """
    if not 0 <= overlap_s <= settings.CREDENTIAL_OVERLAP_MAX_S:
        text = f"0 to {settings.CREDENTIAL_OVERLAP_MAX_S} seconds"
        raise InvalidApplication(errors={"overlap_s": [text]})
    with unit_of_work(Application, actor=actor):
        client = _locked(application_id, None)
        if client.is_deleted:
            raise ApplicationIsDeleted
        if client.client_type != Application.CLIENT_CONFIDENTIAL:
            raise HasNoSecret
        if client.kind == Application.Kind.MACHINE:  # whoever has its secret may do what the service account may
            roles.require_within_own(actor, roles.permissions_of(client.id, kind="service"))
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        client.previous_secret = client.client_secret if overlap_s else ""
        client.previous_secret_expires_at = now + timedelta(seconds=overlap_s) if overlap_s else None
        client.client_secret = secret
        _save(client, ["client_secret", "previous_secret", "previous_secret_expires_at"])
        details = {"name": client.name, "changed": "client_secret", "overlap_s": str(overlap_s)}
        record_security_event(Kind.APPLICATION_CHANGED, subject_id=client.id, details=details)
    return Registered(client, secret)


def delete(*, application_id: UUID, actor: Actor, now: datetime, expected_version: int | None = None) -> Application:
    """Hide an application and end all its tokens at once. It can be restored. Safe to repeat.

    Raises ApplicationNotFound, PreconditionFailed.
    """
    with unit_of_work(Application, actor=actor):
        client = _locked(application_id, expected_version)
        if not client.is_deleted:
            client.soft_delete(at=now, by=actor.id)
            _save(client, ["deleted_at", "deleted_by", "deletion_id"])
            tokens.revoke_all(application_id=client.id)
            details = {"name": client.name}
            record_security_event(Kind.APPLICATION_DELETED, subject_id=client.id, details=details)
    return client


def restore(*, application_id: UUID, actor: Actor) -> Application:
    """Bring a deleted application back, with its secret; its tokens stay over. Safe to repeat.

    Raises ApplicationNotFound.
    """
    with unit_of_work(Application, actor=actor):
        client = _locked(application_id, None)
        if client.is_deleted:
            client.restore()
            _save(client, ["deleted_at", "deleted_by", "deletion_id"])
            details = {"name": client.name, "changed": "restored"}
            record_security_event(Kind.APPLICATION_CHANGED, subject_id=client.id, details=details)
    return client


def erase(*, application_id: UUID, confirmation: str, actor: Actor) -> None:
    """Remove a deleted application for good. `confirmation` is its name, typed by whoever wants this.

    Raises ApplicationNotFound, ApplicationNotDeleted, ConfirmationWrong.
    """
    with unit_of_work(Application, actor=actor):
        client = _locked(application_id, None)
        if not client.is_deleted:
            raise ApplicationNotDeleted
        if confirmation.strip() != client.name:
            raise ConfirmationWrong(errors={"confirmation": [f"type its name, {client.name}"]})
        client.delete()
        details = {"name": client.name, "changed": "erased"}
        record_security_event(Kind.APPLICATION_DELETED, subject_id=application_id, details=details)


def _registered(client: Application, actor: Actor) -> Registered:
    public = client.kind in (Application.Kind.NATIVE, Application.Kind.SINGLE_PAGE)
    client.client_type = Application.CLIENT_PUBLIC if public else Application.CLIENT_CONFIDENTIAL
    # A public client has a secret that nobody knows, rather than an empty one that somebody could send.
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    client.client_secret = secret
    with unit_of_work(Application, actor=actor):
        client.save(force_insert=True)
        details = {"name": client.name, "kind": client.kind}
        record_security_event(Kind.APPLICATION_REGISTERED, subject_id=client.id, details=details)
    return Registered(client, None if public else secret)


def _locked(application_id: UUID, expected_version: int | None) -> Application:
    client = queries.lock_application(application_id)
    if expected_version is not None and client.version != expected_version:
        raise PreconditionFailed(version=client.version)
    return client


def _save(client: Application, names: list[str]) -> None:
    """Under its lock."""
    client.version += 1
    client.save(update_fields=[*names, "version", "updated"])
