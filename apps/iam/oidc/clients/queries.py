"""Reads of clients for those who manage them, and for those who ask whether one may still act."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.core.history.changes import Change, ChangeFilter, changes_of, history_model
from apps.core.tenancy import require_tenant_id
from apps.iam.oidc.clients.errors import ApplicationNotFound
from apps.iam.oidc.models import ES256, RS256, Application

STATES = ("active", "disabled", "deleted")
KINDS = tuple(Application.Kind.values)
SUBJECT_TYPES = tuple(Application.SubjectType.values)
ALGORITHMS = (ES256, RS256)


def applications(*, q: str = "", kind: str = "", state: str = "") -> QuerySet[Application]:
    """The applications of the current tenant, and the platform's that people are asked about, by name. One statement.

    `q` begins the name; `kind` is one of KINDS, `state` one of STATES, or "" for all but the deleted ones.
    """
    rows = Application.objects.filter(_visible(), deleted_at__isnull=state != "deleted")
    if state in ("active", "disabled"):
        rows = rows.filter(is_enabled=state == "active")
    if kind:
        rows = rows.filter(kind=kind)
    if q:
        rows = rows.filter(name__istartswith=q)  # no row-level security here, and few rows in a tenant
    return rows.order_by("name", "id")  # type: ignore[no-any-return]


def application(application_id: UUID) -> Application:
    """One application as `applications` lists them, also a deleted one. One statement. Raises ApplicationNotFound."""
    return _found(Application.objects.filter(_visible(), id=application_id))


def lock_application(application_id: UUID) -> Application:
    """One of the current tenant's own, locked to the end of the transaction. Raises ApplicationNotFound."""
    own = Application.objects.select_for_update().filter(tenant_id=require_tenant_id())
    return _found(own.filter(id=application_id))


def client_of_token(client_id: str) -> Application | None:
    """The client that a token was issued to, if it may act now. One statement."""
    found: Application | None = Application.objects.filter(
        client_id=client_id, is_enabled=True, deleted_at__isnull=True
    ).first()
    return found


def client_of(column: str) -> Exists:
    """For annotating rows of another feature: True if the id in `column` is that of a client that is not deleted."""
    return Exists(Application.objects.filter(id=OuterRef(column), deleted_at__isnull=True))


def usable_client_of(column: str) -> Exists:
    """For filtering rows of another feature: the id in `column` is that of a client that may be used."""
    return Exists(Application.objects.filter(id=OuterRef(column), deleted_at__isnull=True, is_enabled=True))


def names(ids: set[UUID]) -> dict[UUID, str]:
    """What clients are called: those of the current tenant, and the platform's own. One statement."""
    rows = Application.objects.filter(Q(tenant_id=require_tenant_id()) | Q(tenant_id__isnull=True), id__in=ids)
    return dict(rows.values_list("id", "name"))


def changes(where: ChangeFilter, *, limit: int) -> list[Change]:
    """Changes of the current tenant's applications, erased ones too, newest first."""
    ids = set(
        history_model(Application).objects.filter(tenant_id=require_tenant_id()).values_list("pgh_obj_id", flat=True)
    )
    wanted = ids if where.entity_ids is None else ids & set(where.entity_ids)
    return changes_of(Application, where=replace(where, entity_ids=tuple(wanted)), limit=limit)


def _visible() -> Q:
    return Q(tenant_id=require_tenant_id()) | Q(tenant_id__isnull=True, skip_authorization=False)


def _found(rows: QuerySet[Application]) -> Application:
    client = rows.first()
    if client is None:
        raise ApplicationNotFound
    return client
