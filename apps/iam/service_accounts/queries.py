"""Reads of service accounts and of API keys, in the current tenant."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from apps.core.history.changes import Change, ChangeFilter, changes_of, newest
from apps.iam.oidc.clients import queries as clients
from apps.iam.roles import queries as roles
from apps.iam.service_accounts.errors import ApiKeyNotFound, ApiKeyRefused, ServiceAccountNotFound
from apps.iam.service_accounts.models import ApiKey, ApiKeyUse, ServiceAccount

STATES = ("active", "disabled", "deleted")
KEY_STATES = ("active", "expired", "revoked")


def service_accounts(*, q: str = "", state: str = "") -> QuerySet[ServiceAccount]:
    """Service accounts by name, each with its `role_codes`, `has_client` and `live_keys`. One statement.

    `q` begins the name; `state` is one of STATES, or "" for all but the deleted ones.
    """
    rows = ServiceAccount.with_deleted.in_tenant().filter(deleted_at__isnull=state != "deleted")
    if state in ("active", "disabled"):
        rows = rows.filter(is_enabled=state == "active")
    if q:
        rows = rows.filter(name_key__startswith=q.casefold())
    return _described(rows).order_by("name_key", "id")


def service_account(account_id: UUID) -> ServiceAccount:
    """One service account, also a deleted one, as `service_accounts` gives them. One statement.

    Raises ServiceAccountNotFound.
    """
    return _found(_described(ServiceAccount.with_deleted.in_tenant()).filter(id=account_id))


def lock_service_account(account_id: UUID) -> ServiceAccount:
    """One service account, also a deleted one, locked to the end of the transaction. Raises ServiceAccountNotFound."""
    return _found(ServiceAccount.with_deleted.in_tenant().select_for_update().filter(id=account_id))


def usable_service_account(account_id: UUID) -> ServiceAccount:
    """One that may act now: neither deleted nor disabled. One statement. Raises ServiceAccountNotFound."""
    return _found(ServiceAccount.objects.in_tenant().filter(id=account_id, is_enabled=True))


def may_act(account_id: UUID) -> bool:
    """True if it is neither deleted nor disabled. One statement."""
    return bool(ServiceAccount.objects.in_tenant().filter(id=account_id, is_enabled=True).exists())


def service_account_with_client(account_id: UUID) -> ServiceAccount:
    """One that may act now and has an OAuth client that may be used. One statement. Raises ServiceAccountNotFound."""
    rows = ServiceAccount.objects.in_tenant().filter(clients.usable_client_of("id"))
    return _found(rows.filter(id=account_id, is_enabled=True))


def accounts_by_id(account_ids: Iterable[UUID]) -> list[ServiceAccount]:
    """Those of the given service accounts that there are, deleted ones too. One statement."""
    return list(ServiceAccount.with_deleted.in_tenant().filter(id__in=list(account_ids)).order_by("id"))


def who_can_act(ids: Iterable[QuerySet[Any, Any]]) -> QuerySet[ServiceAccount]:
    """Those whom one of these subqueries of ids names and whom nothing keeps out, by name. One statement."""
    among = Q()
    for found in ids:
        among |= Q(id__in=found)
    rows: QuerySet[ServiceAccount] = ServiceAccount.objects.in_tenant().filter(among, is_enabled=True)
    return rows.order_by("name_key", "id")


def name_of(column: str) -> Subquery:
    """For annotating rows of another feature: the name of the service account whom `column` names."""
    return Subquery(ServiceAccount.with_deleted.in_tenant().filter(id=OuterRef(column)).values("name")[:1])


def names(account_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The names of service accounts, deleted ones too. One statement."""
    rows = ServiceAccount.with_deleted.in_tenant().filter(id__in=list(account_ids))
    return dict(rows.values_list("id", "name"))


def keys_of(holder_id: UUID) -> QuerySet[ApiKey]:
    """The API keys of a service account or person, the newest first, with when and from where they were last used.

    One statement.
    """
    rows = ApiKey.objects.in_tenant().filter(holder_id=holder_id)
    return _with_last_use(rows).order_by("-created_at", "-id")


def key_of(holder_id: UUID, key_id: UUID) -> ApiKey:
    """One API key of a holder, as `keys_of` gives them. One statement. Raises ApiKeyNotFound."""
    return _found_key(keys_of(holder_id).filter(id=key_id))


def lock_key(holder_id: UUID, key_id: UUID) -> ApiKey:
    """One API key of a holder, locked to the end of the transaction. Raises ApiKeyNotFound."""
    return _found_key(ApiKey.objects.in_tenant().select_for_update().filter(holder_id=holder_id, id=key_id))


def live_keys_count(holder_id: UUID, *, now: datetime) -> int:
    """How many of a holder's keys are neither revoked nor expired. One statement."""
    count: int = ApiKey.objects.in_tenant().filter(_alive(now), holder_id=holder_id).count()
    return count


def key_by_digest(digest: str, *, address: str, now: datetime) -> ApiKey:
    """The key with this digest, and when it was last used from the address. One statement. Raises ApiKeyRefused."""
    here = ApiKeyUse.objects.in_tenant().filter(key=OuterRef("id"), address=address).values("last_used_at")[:1]
    rows = ApiKey.objects.in_tenant().filter(digest=digest)
    found: ApiKey | None = rows.annotate(used_here_at=Subquery(here)).first()
    if found is None or found.state_at(now) != "active":
        raise ApiKeyRefused
    return found


def holder_of_digest(digest: str) -> UUID | None:
    """Whose key this was, also one that is over: for the security log. One statement."""
    found: UUID | None = ApiKey.objects.in_tenant().filter(digest=digest).values_list("holder_id", flat=True).first()
    return found


def changes(where: ChangeFilter, *, limit: int) -> list[Change]:
    """Changes of service accounts and API keys, newest first."""
    return changes_of(ServiceAccount, ApiKey, where=where, limit=limit)


def changes_of_account(account_id: UUID, *, limit: int) -> list[Change]:
    """Changes of one service account, of its roles and of its keys, newest first."""
    keys = tuple(ApiKey.objects.in_tenant().filter(holder_id=account_id).values_list("id", flat=True))
    own = changes_of(ServiceAccount, ApiKey, where=ChangeFilter(entity_ids=(account_id, *keys)), limit=limit)
    return newest([own, roles.changes_of_holder(account_id, limit=limit)], limit=limit)


def key_names(key_ids: Iterable[UUID]) -> dict[UUID, str]:
    """What keys are called, with the end that tells them apart. One statement."""
    rows = ApiKey.objects.in_tenant().filter(id__in=list(key_ids)).values_list("id", "name", "hint")
    return {id_: f"{name} …{hint}" for id_, name, hint in rows}


def _alive(now: datetime) -> Q:
    return Q(revoked_at__isnull=True, expires_at__gt=now)


def _described(rows: QuerySet[ServiceAccount]) -> QuerySet[ServiceAccount]:
    alive = ApiKey.objects.in_tenant().filter(_alive(timezone.now()), holder_id=OuterRef("id")).order_by()
    counted = alive.values("holder_id").annotate(live=Count("id")).values("live")
    return rows.annotate(  # type: ignore[no-redef]
        role_codes=roles.codes_held_by("id"),
        has_client=clients.client_of("id"),
        live_keys=Coalesce(Subquery(counted, output_field=IntegerField()), 0),
    )


def _with_last_use(rows: QuerySet[ApiKey]) -> QuerySet[ApiKey]:
    uses = ApiKeyUse.objects.in_tenant().filter(key=OuterRef("id")).order_by("-last_used_at")
    return rows.annotate(  # type: ignore[no-redef]
        last_used_at=Subquery(uses.values("last_used_at")[:1]), last_used_from=Subquery(uses.values("address")[:1])
    )


def _found(rows: QuerySet[ServiceAccount]) -> ServiceAccount:
    account = rows.first()
    if account is None:
        raise ServiceAccountNotFound
    return account


def _found_key(rows: QuerySet[ApiKey]) -> ApiKey:
    key = rows.first()
    if key is None:
        raise ApiKeyNotFound
    return key
