"""Erasing a person in one database: the keys of what is encrypted for them, and what tables say of them in plain.

A model says which of its texts are about a person, and which column names that person:

    personal_columns = {"name": "user_id", "name_key": "user_id"}

Those texts become `[erased]`, in the row and in its history, and so does the person's name wherever a history says that
they changed something. What the row stands for stays. Where the reasons of its changes tell of the person too,
`reasons_about = "customer_id"` says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from uuid import UUID

import pghistory.models
from django.apps import apps
from django.db import connections, models, router

from apps.core.crypto.keys import destroy_keys
from apps.core.tenancy import tenant
from apps.core.tenantdata.models import PersonWarrant

PAGE = 10_000


def forget_person(alias: str, person_id: UUID, *, tenant_ids: Iterable[UUID]) -> None:
    """Erase what this database keeps of a person, who was in these tenants. Cannot be taken back.

    Destroys their keys first. Each step is short, and may be repeated: after a crash, begin anew.
    """
    destroy_keys(person_id, databases=[alias])
    PersonWarrant.objects.using(alias).get_or_create(person_id=person_id)
    everywhere = list(tenant_ids)
    for model in _models(alias):
        for scope in map(tenant, everywhere) if _is_of_tenants(model) else [nullcontext()]:
            _forget(alias, model, person_id, scope)


def _forget(alias: str, model: type[models.Model], person_id: UUID, scope: AbstractContextManager[None]) -> None:
    with scope:
        for column, whose in _personal(model).items():
            _call(alias, "tenantdata_forget(%s::regclass, %s, %s, %s)", _quoted(model), column, whose, person_id)
        if is_history(model):
            _forget_as_actor(alias, model, person_id)
            _forget_reasons(alias, model, person_id)


def _forget_as_actor(alias: str, history: type[models.Model], person_id: UUID) -> None:
    last: int | None = 0
    while last is not None:
        arguments = (_quoted(history), person_id, last, PAGE)
        last = _call(alias, "tenantdata_forget_actor(%s::regclass, %s, %s, %s)", *arguments)


def _forget_reasons(alias: str, history: type[models.Model], person_id: UUID) -> None:
    whose = getattr(history.pgh_tracked_model, "reasons_about", None)  # type: ignore[attr-defined]
    if whose is not None:
        _call(alias, "tenantdata_forget_reasons(%s::regclass, %s, %s)", _quoted(history), whose, person_id)


def _call(alias: str, function: str, *arguments: Any) -> Any:
    with connections[alias].cursor() as cursor:
        cursor.execute(f"select {function}", arguments)
        return cursor.fetchone()[0]


def _personal(model: type[models.Model]) -> Mapping[str, str]:
    """The personal columns of a table, and of a history those that it has of its model's."""
    if not is_history(model):
        return getattr(model, "personal_columns", {})
    kept = {field.column for field in model._meta.concrete_fields}
    declared: Mapping[str, str] = getattr(model.pgh_tracked_model, "personal_columns", {})  # type: ignore[attr-defined]
    return {column: whose for column, whose in declared.items() if column in kept}


def _models(alias: str) -> Iterator[type[models.Model]]:
    for model in apps.get_models(include_auto_created=True):
        concerned = is_history(model) or hasattr(model, "personal_columns")
        if concerned and model._meta.managed and not model._meta.proxy and router.allow_migrate_model(alias, model):
            yield model


def is_history(model: type[models.Model]) -> bool:
    return issubclass(model, pghistory.models.Event)


def _is_of_tenants(model: type[models.Model]) -> bool:
    return any(field.column == "tenant_id" and not field.null for field in model._meta.concrete_fields)


def _quoted(model: type[models.Model]) -> str:
    return f'"{model._meta.db_table}"'
