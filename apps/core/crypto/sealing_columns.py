"""A migration operation for columns that become a `SealedTextField`: seals what lies there and in their history.

Tenant by tenant and in short transactions, so that nobody waits for long and what was interrupted is carried on by
beginning anew. Needs a migration that is not `atomic`. What earlier processes write meanwhile is sealed when its row is
saved next.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import connections, migrations, models
from django.db.transaction import atomic

from apps.core.crypto.fields import BlindIndexField, SealedTextField
from apps.core.crypto.keys import Owner, make_keys
from apps.core.crypto.marks import mark_to_keep
from apps.core.crypto.tokens import ERASED, PATTERN, encrypt
from apps.core.db.roles import roles_of
from apps.core.tenancy import tenant

_BATCH = 500


class SealColumn(migrations.RunPython):
    """`SealColumn("orders", "Customer", "email")`, once the column holds texts of any length."""

    def __init__(self, app_label: str, model: str, field: str) -> None:
        def forwards(apps: Any, editor: Any) -> None:
            here = {one._meta.model_name: one for one in apps.get_app_config(app_label).get_models()}
            tables = [here.get(name) for name in (model.lower(), f"{model.lower()}history")]
            seal_column(editor.connection.alias, *tables, name=field)

        super().__init__(forwards, migrations.RunPython.noop)


def seal_column(alias: str, model: Any, history: Any, *, name: str) -> int:
    """Seal what lies in plain in a column and in its history, if there is one; returns how many texts. As the owner of
    the tables.
    """
    return sum(_Column(alias, one, model, name).seal() for one in (model, history) if one is not None)


class SealedColumn:
    """A sealed column of one table, written past its model, as the owner of the table. The tenant is the caller's."""

    def __init__(self, alias: str, lies_in: type[models.Model], field: SealedTextField) -> None:
        self.alias, self.table, self.key, self.field = alias, lies_in._meta.db_table, lies_in._meta.pk, field

    @property
    def key_type(self) -> str:
        """As SQL casts to it."""
        return str(self.key.rel_db_type(connections[self.alias]))

    @contextmanager
    def unheard(self) -> Iterator[None]:
        """Past the triggers that keep history as it was, and that would note a change: the text is the same."""
        self.execute(
            "select set_config('pgtrigger.ignore', (select coalesce(array_agg(tgname), '{}')::text from pg_trigger "
            "where tgrelid = %(table)s::regclass and not tgisinternal), true)",
            table=self.table,
        )
        yield
        self.execute("select set_config('pgtrigger.ignore', '{}', true)")

    def execute(self, statement: str, **values: Any) -> list[Any]:
        with connections[self.alias].cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall()) if cursor.description else []


class _Column(SealedColumn):
    """A column of one table: the model's own, or its history's."""

    def __init__(self, alias: str, lies_in: type[models.Model], model: type[models.Model], name: str) -> None:
        super().__init__(alias, lies_in, model._meta.get_field(name))  # type: ignore[arg-type]
        marked = [one for one in lies_in._meta.concrete_fields if isinstance(one, BlindIndexField) and one.over == name]
        self._mark = marked[0] if marked else None
        self._plain = f"{self.field.column} <> all(%(not_plain)s) and {self.field.column} !~ %(token)s"
        self._values = {"not_plain": ["", ERASED], "token": f"^{PATTERN}$"}

    def seal(self) -> int:
        sealed = 0
        for tenant_id in self._tenants():
            with tenant(tenant_id):
                while count := self._seal_some(tenant_id):
                    sealed += count
        return sealed

    def _tenants(self) -> list[UUID]:
        """Where something lies in plain: only a policy for the owner can tell."""
        owner = roles_of(self.alias).owner
        with atomic(using=self.alias):
            self.execute(f'create policy owner_lists on {self.table} for select to "{owner}" using (true)')
            where = f"from {self.table} where {self._plain}"
            found = self.execute(f"select distinct tenant_id {where}", **self._values)
            self.execute(f"drop policy owner_lists on {self.table}")
        return [tenant_id for (tenant_id,) in found]

    def _seal_some(self, tenant_id: UUID) -> int:
        with atomic(using=self.alias):
            rows = self.execute(
                f"select {self.key.column}, {self.field.of}, {self.field.column} from {self.table} "  # noqa: S608
                f"where tenant_id = %(tenant)s and {self._plain} order by 1 limit {_BATCH} for update",
                **self._values,
                tenant=tenant_id,
            )
            owners = [Owner(self.alias, tenant_id, subject_id) for _, subject_id, _ in rows]
            make_keys(owners)
            place = self.field.place
            tokens = [encrypt(text, owner=who, place=place) for (_, _, text), who in zip(rows, owners, strict=True)]
            self._write(keys=[row[0] for row in rows], tokens=tokens, marks=self._marks(tenant_id, rows))
        return len(rows)

    def _marks(self, tenant_id: UUID, rows: list[Any]) -> list[str]:
        if self._mark is None:
            return [""] * len(rows)
        owner, place = Owner(self.alias, tenant_id, tenant_id), self._mark.place
        return [mark_to_keep(text, owner=owner, place=place) for _, _, text in rows]

    def _write(self, **values: list[Any]) -> None:
        sealed = f"unnest(%(keys)s::{self.key_type}[], %(tokens)s::text[], %(marks)s::text[]) sealed (key, token, mark)"
        changes = f"{self.field.column} = sealed.token" + (f", {self._mark.column} = sealed.mark" if self._mark else "")
        found = f"{self.table}.{self.key.column} = sealed.key"
        with self.unheard():
            self.execute(f"update {self.table} set {changes} from {sealed} where {found}", **values)  # noqa: S608
