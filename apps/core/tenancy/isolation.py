"""Migration operations that put a tenant's rows behind row-level security.

`FORCE` makes the policy hold for the table's owner too. The policy compares with a sub-select, which PostgreSQL reads
once per execution: a bare `current_setting()` is read per row, so that a cursor left open would follow a later scope.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from django.db import router
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

TENANT = "nullif(current_setting('app.tenant_id', true), '')::uuid"
PERSON = "nullif(current_setting('app.person_id', true), '')::uuid"


class _SqlOperation(Operation, ABC):
    reduces_to_sql = True
    reversible = True

    def __init__(self, model: str) -> None:
        self.model = model

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Policies and keys are not part of Django's model state."""

    @abstractmethod
    def forwards_sql(self, model: Any) -> list[str]:
        """The statements, for a model as of that migration."""

    @abstractmethod
    def backwards_sql(self, model: Any) -> list[str]:
        """The statements, for a model as of that migration."""

    def _run(self, statements: list[str], editor: BaseDatabaseSchemaEditor) -> None:
        for statement in statements:
            editor.execute(statement, params=None)

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if router.allow_migrate(schema_editor.connection.alias, app_label, model_name=self.model.lower()):
            self._run(self.forwards_sql(to_state.apps.get_model(app_label, self.model)), schema_editor)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if router.allow_migrate(schema_editor.connection.alias, app_label, model_name=self.model.lower()):
            self._run(self.backwards_sql(from_state.apps.get_model(app_label, self.model)), schema_editor)


class TenantIsolation(_SqlOperation):
    """Only rows of the current tenant are seen and written; also makes (tenant_id, id) a key to refer to."""

    def forwards_sql(self, model: Any) -> list[str]:
        table = model._meta.db_table
        statements = [
            f'alter table "{table}" enable row level security',
            f'alter table "{table}" force row level security',
            f'create policy tenant_isolation on "{table}" '
            f"using (tenant_id = (select {TENANT})) with check (tenant_id = {TENANT})",
        ]
        if model._meta.pk.column == "id":
            statements.append(f'create unique index "{table}_tenant_key" on "{table}" (tenant_id, id)')
        return statements

    def backwards_sql(self, model: Any) -> list[str]:
        table = model._meta.db_table
        return [
            f'drop index if exists "{table}_tenant_key"',
            f'drop policy tenant_isolation on "{table}"',
            f'alter table "{table}" no force row level security',
            f'alter table "{table}" disable row level security',
        ]

    def describe(self) -> str:
        return f"Keep the rows of {self.model} apart by tenant"


class OwnRows(_SqlOperation):
    """In a person's scope (`tenancy.person`) the rows whose `column` names that person may be read, in any tenant.

    Behind `coalesce` the planner cannot tell how few rows that lets through, and takes half of them for granted. It
    would multiply: the query's own `tenant_id = …` by the policies', as if they were independent, and expect one row
    where a company has a thousand; then it reads all of them to find the first fifty. Whoever asks in a person's scope
    therefore names the person in the query too, for the index.
    """

    def __init__(self, model: str, column: str) -> None:
        super().__init__(model)
        self.column = column

    @property
    def condition(self) -> str:
        return f"coalesce({self.column} = (select {PERSON}) and (select {TENANT}) is null, false)"

    def forwards_sql(self, model: Any) -> list[str]:
        return [f'create policy own_rows on "{model._meta.db_table}" for select using ({self.condition})']

    def backwards_sql(self, model: Any) -> list[str]:
        return [f'drop policy own_rows on "{model._meta.db_table}"']

    def describe(self) -> str:
        return f"Let people read their own rows of {self.model}"


class TenantReference(_SqlOperation):
    """A foreign key that includes the tenant. A plain one looks past row-level security and tells that an id exists."""

    def __init__(self, model: str, field: str) -> None:
        super().__init__(model)
        self.field = field

    def forwards_sql(self, model: Any) -> list[str]:
        field, table = model._meta.get_field(self.field), model._meta.db_table
        target = field.remote_field.model._meta.db_table
        return [
            f'alter table "{table}" add constraint "{table}_{self.field}_tenant_fk" '
            f'foreign key (tenant_id, "{field.column}") references "{target}" (tenant_id, id) '
            "deferrable initially deferred"
        ]

    def backwards_sql(self, model: Any) -> list[str]:
        table = model._meta.db_table
        return [f'alter table "{table}" drop constraint "{table}_{self.field}_tenant_fk"']

    def describe(self) -> str:
        return f"{self.model}.{self.field} refers within its tenant"
