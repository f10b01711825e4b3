"""After a rotation of data keys: what lies in sealed columns and in their history is sealed with the newest keys.

A batch at a time, in short transactions that hold no lock while they encrypt, so that nobody waits; a text that
somebody changes meanwhile is left to them. What was interrupted is carried on by beginning anew: what is sealed with
the newest key already is read and left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import Max
from django.db.transaction import atomic

from apps.core.crypto.fields import SealedTextField
from apps.core.crypto.keys import KeyDestroyed, Owner
from apps.core.crypto.models import DataKey
from apps.core.crypto.sealing_columns import SealedColumn
from apps.core.crypto.tokens import ERASED, PATTERN, decrypt, encrypt, version_of
from apps.core.db.router import alias_for
from apps.core.tenancy import tenant

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Resealed:
    """A batch that is done: how many texts of a column were looked at, and how many sealed anew."""

    column: str
    looked_at: int
    sealed: int


def reseal(alias: str, tenant_id: UUID) -> Iterator[Resealed]:
    """Seal a tenant's texts in every sealed column of a database anew. As the owner of the tables.

    Safe to repeat, and to run twice at once. Raises Unreadable for what we did not put there.
    """
    for column in _columns(alias):
        with tenant(tenant_id):
            yield from column.reseal(tenant_id)


def _columns(alias: str) -> Iterator[_Column]:
    """The sealed columns of a database, and those of the histories beside them."""
    for model in sorted(apps.get_models(), key=lambda one: one._meta.db_table):
        if alias_for(model) == alias and not model._meta.proxy:
            sealed = [one for one in model._meta.concrete_fields if isinstance(one, SealedTextField)]
            yield from (_Column(alias, model, field) for field in sealed)


class _Column(SealedColumn):
    def reseal(self, tenant_id: UUID) -> Iterator[Resealed]:
        after: Any = None
        while rows := self._next(tenant_id, after):
            after = rows[-1][0]
            changed = [one for one in self._sealed_anew(tenant_id, rows) if one is not None]
            yield Resealed(f"{self.table}.{self.field.column}", len(rows), self._exchange(changed))

    def _next(self, tenant_id: UUID, after: Any) -> list[Any]:
        behind = f"and {self.key.column} > %(after)s" if after is not None else ""
        return self.execute(
            f"select {self.key.column}, {self.field.column} from {self.table} where tenant_id = %(tenant)s "  # noqa: S608
            f"and {self.field.column} ~ %(token)s {behind} order by 1 limit {_BATCH}",
            tenant=tenant_id,
            token=f"^{PATTERN}$",
            after=after,
        )

    def _sealed_anew(self, tenant_id: UUID, rows: list[Any]) -> Iterator[tuple[Any, str, str] | None]:
        newest = self._newest(tenant_id, {version_of(token)[0] for _, token in rows})
        for key, token in rows:
            subject_id, version = version_of(token)
            if version < newest.get(subject_id, 0):
                yield self._anew(Owner(self.alias, tenant_id, subject_id), key, token)

    def _anew(self, owner: Owner, key: Any, token: str) -> tuple[Any, str, str] | None:
        """None for a text of somebody who is erased: it stays what nobody can read."""
        place = self.field.place
        try:
            text = decrypt(token, database=self.alias, tenant_id=owner.tenant_id, place=place)
        except KeyDestroyed:
            return None
        anew = encrypt(text, owner=owner, place=place)
        return None if anew == ERASED else (key, token, anew)

    def _newest(self, tenant_id: UUID, subjects: set[UUID]) -> dict[UUID, int]:
        keys = DataKey.objects.using(self.alias).filter(tenant_id=tenant_id, subject_id__in=subjects)
        found = keys.filter(destroyed_at__isnull=True).values("subject_id").annotate(newest=Max("version"))
        return {row["subject_id"]: row["newest"] for row in found.order_by("subject_id")}

    def _exchange(self, changed: list[tuple[Any, str, str]]) -> int:
        """Only where the text that was read lies there still; the history does not hear of it: nothing has changed."""
        if not changed:
            return 0
        keys, known, tokens = zip(*changed, strict=True)
        with atomic(using=self.alias), self.unheard():
            done = self.execute(
                f"update {self.table} set {self.field.column} = anew.token "  # noqa: S608
                f"from unnest(%(keys)s::{self.key_type}[], %(known)s::text[], %(tokens)s::text[]) "
                f"anew (key, known, token) "
                f"where {self.table}.{self.key.column} = anew.key and {self.field.column} = anew.known "
                f"returning {self.table}.{self.key.column}",
                keys=list(keys),
                known=list(known),
                tokens=list(tokens),
            )
        return len(done)
