"""The tables that hold rows of tenants."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from typing import Any

from django.apps import apps
from django.db import connections, models, router

from apps.core.crypto.fields import BlindIndexField

# What proves who somebody is, or opens what is sealed, leaves the platform in no export. Neither do bytes.
_SECRET = re.compile(r"(^|_)(password|secret|token|hash|digest|checksum|sealed|otp|seed|private)(_|$)")

_OWNED = """
select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
and a.attname = 'tenant_id' and not a.attisdropped
"""
_REFERENCES = """
select distinct child.relname, parent.relname from pg_constraint f
join pg_class child on child.oid = f.conrelid join pg_class parent on parent.oid = f.confrelid
where f.contype = 'f' and not child.relispartition and not parent.relispartition
order by 1, 2
"""


@dataclass(frozen=True, slots=True)
class ExportedTable:
    """A table of an export: what is read of it, what is left out of it, and in which order."""

    name: str
    columns: tuple[str, ...]
    left_out: tuple[str, ...]
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HeldTable:
    """A table with rows of tenants: by a `tenant_id` of its own, or by reference to `through`, a table that has one."""

    table: str
    through: str = ""
    refers_to_itself: bool = False


def held_tables(alias: str) -> list[list[HeldTable]]:
    """Every table with rows of tenants, those that refer to others before those. Two statements.

    Tables that refer to one another come together: only in one transaction can they be emptied.

    Tables whose rows only mention a tenant (a person's session, say) are not among them: their models say
    `kept_when_a_tenant_goes`.
    """
    with connections[alias].cursor() as cursor:
        cursor.execute(_OWNED)
        kept = {model._meta.db_table for model in _models(alias) if getattr(model, "kept_when_a_tenant_goes", False)}
        everything = {name for (name,) in cursor.fetchall()}
        cursor.execute(_REFERENCES)
        references = cursor.fetchall()
    owned = everything - kept
    itself = {child for child, parent in references if child == parent}
    held = [HeldTable(name, refers_to_itself=name in itself) for name in sorted(owned)]
    held += [HeldTable(child, parent) for child, parent in references if parent in owned and child not in everything]
    return _children_first(held, references)


def exported_tables(alias: str) -> list[ExportedTable]:
    """What an export of a tenant reads, by name. No statement.

    All tables of tenants but those whose models say `left_out_of_exports` (the platform's own bookkeeping); and of
    tables that may hold rows of no tenant those whose models say `in_exports`.
    """
    found = [_exported(model) for model in _models(alias) if _is_exported(model)]
    return sorted(found, key=lambda table: table.name)


def model_of(alias: str, table: str) -> Any:
    """The model of an exported table."""
    return next(model for model in _models(alias) if model._meta.db_table == table)


def _children_first(held: list[HeldTable], references: list[tuple[str, str]]) -> list[list[HeldTable]]:
    """In groups; a group has more than one table only where references go round in a circle."""
    group_of = {one.table: frozenset({one.table}) for one in held}
    while True:
        graph: dict[frozenset[str], set[frozenset[str]]] = {group: set() for group in group_of.values()}
        for child, parent in references:
            if child in group_of and parent in group_of and group_of[child] != group_of[parent]:
                graph[group_of[parent]].add(group_of[child])
        try:
            order = list(TopologicalSorter(graph).static_order())
        except CycleError as circle:
            together = frozenset[str]().union(*circle.args[1])
            group_of |= dict.fromkeys(together, together)
            continue
        return [sorted((one for one in held if one.table in group), key=_name) for group in order]


def _name(held: HeldTable) -> tuple[str, str]:
    return held.table, held.through


@cache
def _models(alias: str) -> list[type[models.Model]]:
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and router.allow_migrate_model(alias, model) and _tenant_column(model) is not None
    ]


def _tenant_column(model: type[models.Model]) -> Any:
    return next((field for field in model._meta.concrete_fields if field.column == "tenant_id"), None)


def _is_exported(model: type[models.Model]) -> bool:
    if _tenant_column(model).null:
        return bool(getattr(model, "in_exports", False))
    return not getattr(model, "left_out_of_exports", False)


def _exported(model: type[models.Model]) -> ExportedTable:
    fields: Any = model._meta.concrete_fields
    secret = [
        f.column for f in fields if _SECRET.search(f.column) or isinstance(f, (models.BinaryField, BlindIndexField))
    ]
    columns = [f.column for f in fields if f.column not in secret]
    key = [str(f.column) for f in model._meta.pk_fields]
    return ExportedTable(model._meta.db_table, tuple(columns), tuple(secret), tuple(key))
