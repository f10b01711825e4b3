"""Defects put in on purpose, each of which the fuzzer must find. They are undone when the block ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from django.db import connections

from apps.core.db.queries import EntityQuerySet
from apps.core.tenancy.postgresql.session import SessionSettings
from tests.isolation.leaks import Ground

CONTEXT = "nullif(current_setting('app.tenant_id', true), '')::uuid"
POLICY = f"using (tenant_id = (select {CONTEXT})) with check (tenant_id = {CONTEXT})"


@contextmanager
def dropped_policy(ground: Ground, table: str) -> Iterator[None]:
    """Somebody switched row-level security off for one table."""
    with _instead(
        ground,
        table,
        f"alter table {table} disable row level security",
        f"alter table {table} enable row level security",
    ):
        yield


@contextmanager
def forgiving_policy(ground: Ground, table: str) -> Iterator[None]:
    """The policy lets everything through where no context is set: a query without context then shows all."""
    with _policy(ground, table, f"using (tenant_id = (select {CONTEXT}) or (select {CONTEXT}) is null)"):
        yield


@contextmanager
def policy_read_per_row(ground: Ground, table: str) -> Iterator[None]:
    """The policy compares with the bare setting: a cursor that is left open follows a later scope."""
    with _policy(ground, table, f"using (tenant_id = {CONTEXT})"):
        yield


@contextmanager
def session_level_set() -> Iterator[None]:
    """The context is set for the session instead of the transaction, and stays for whoever comes next."""
    proper = SessionSettings.prefix

    def for_the_session(self: SessionSettings) -> str:
        return proper(self).replace(", true)", ", false)")

    try:
        with patch.object(SessionSettings, "prefix", for_the_session):
            yield
    finally:
        connections.close_all()  # what was set stays in the sessions


@contextmanager
def unfiltered_queries() -> Iterator[None]:
    """Queries forget to name the tenant and rely on the policies alone."""
    with patch.object(EntityQuerySet, "in_tenant", lambda self: self):
        yield


@contextmanager
def foreign_key_without_tenant(ground: Ground, table: str, column: str, target: str) -> Iterator[None]:
    """A plain foreign key in the place of the composite one."""
    name = f"{table.strip(chr(34))}_{column.removesuffix('_id')}_tenant_fk"
    # The target's `id` is its primary key already, so a plain reference to it is all that is needed.
    with _instead(
        ground,
        table,
        f'alter table {table} drop constraint "{name}", '
        f'add constraint planted foreign key ("{column}") references {target} (id)',
        f'alter table {table} drop constraint planted, add constraint "{name}" foreign key (tenant_id, "{column}") '
        f"references {target} (tenant_id, id) deferrable initially deferred",
    ):
        yield


@contextmanager
def _policy(ground: Ground, table: str, instead: str) -> Iterator[None]:
    with _instead(
        ground,
        table,
        f"drop policy tenant_isolation on {table}; create policy tenant_isolation on {table} {instead}",
        f"drop policy tenant_isolation on {table}; create policy tenant_isolation on {table} {POLICY}",
    ):
        yield


@contextmanager
def _instead(ground: Ground, table: str, plant: str, undo: str) -> Iterator[None]:
    ground.connection.execute(plant)  # type: ignore[arg-type]
    try:
        yield
    finally:
        ground.connection.execute(undo)  # type: ignore[arg-type]
