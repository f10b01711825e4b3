"""The keys' table: who comes first carries it out, who comes later waits and reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import OperationalError
from django.utils import timezone
from psycopg.errors import LockNotAvailable

from apps.core.idempotency.errors import KeyInUse, KeyReused
from apps.core.tenancy import require_tenant_id

KEPT_FOR = timedelta(hours=48)
_BATCH = 5_000


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer given earlier."""

    status: int
    body: str


@dataclass(frozen=True, slots=True)
class Claim:
    """One sender's wish to carry out one request under one key. Used inside a transaction on `alias`."""

    alias: str
    subject: UUID
    operation: str
    key: str
    request_hash: str

    def make(self) -> Stored | None:
        """Take the key, or wait for the transaction that has it and return what that one answered.

        Raises KeyReused when the key stands for another request, KeyInUse when the wait ends at the lock timeout.
        """
        keys = _keys(self.alias)
        row = keys.model(subject=self.subject, operation=self.operation, key=self.key, request_hash=self.request_hash)
        try:
            # The unique index makes a concurrent insert of the same key wait for our end.
            keys.bulk_create([row], ignore_conflicts=True)
        except OperationalError as error:
            if isinstance(error.__cause__, LockNotAvailable):
                raise KeyInUse from error
            raise
        found = self._rows().get()
        if found.request_hash != self.request_hash:
            raise KeyReused
        return None if found.id == row.id else Stored(found.status, found.body)

    def settle(self, answer: Stored) -> None:
        """Keep the answer. It becomes visible with the effect, at the commit."""
        self._rows().update(status=answer.status, body=answer.body)

    def _rows(self) -> Any:
        return _keys(self.alias).filter(
            tenant_id=require_tenant_id(), subject=self.subject, operation=self.operation, key=self.key
        )


def _keys(alias: str) -> Any:
    # Imported late: views import this package before Django's models may be.
    from apps.core.idempotency.models import IdempotencyKey

    return IdempotencyKey.objects.using(alias)


def forget_keys(*, alias: str, before: datetime) -> int:
    """Delete the current tenant's keys made before an instant, in short transactions. Returns how many."""
    rows = _keys(alias).filter(tenant_id=require_tenant_id(), created_at__lt=before)
    forgotten = 0
    while ids := list(rows.values_list("id", flat=True)[:_BATCH]):
        forgotten += _keys(alias).filter(id__in=ids).delete()[0]
    return forgotten


def oldest_kept() -> datetime:
    """Keys made before this may be forgotten: no client repeats a request for two days."""
    return timezone.now() - KEPT_FOR
