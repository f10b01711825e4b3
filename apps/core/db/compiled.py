"""Reads that are made with every request: turned into SQL once instead of each time.

To build a queryset and to compile it costs several times as much as to run it. What changes from call to call are
parameters only, so the rest is kept. Rows come as ever: models, with what was selected and annotated.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID, uuid4

from django.core.exceptions import ImproperlyConfigured
from django.db import connections, models
from django.db.models.sql.compiler import SQLCompiler

from apps.core.db.router import alias_for
from apps.core.tenancy import require_tenant_id, tenant
from apps.core.tenancy.postgresql.kept_plans import KeptPlan

M = TypeVar("M", bound=models.Model)
_TENANT = "current tenant"


@dataclass(frozen=True, slots=True)
class _Statement:
    """`places` says of each parameter which value goes there; the others stay as they were compiled."""

    rows: models.QuerySet[Any, Any]
    compiler: SQLCompiler
    sql: KeptPlan
    parameters: tuple[Any, ...]
    places: dict[int, str]


class CompiledRead(Generic[M]):
    """`CompiledRead(build, "user_id")(user_id=…)`: what `list(build(user_id))` gives, in the current tenant.

    `build` is called once, with an id of nothing for each value: it may only pass them on to filters. Raises
    ImproperlyConfigured when a value is no parameter of the statement.
    """

    def __init__(self, build: Callable[..., models.QuerySet[M, M]], *names: str) -> None:
        self._build, self._names = build, names
        self._compiled: _Statement | None = None

    def __call__(self, **values: UUID) -> list[M]:
        statement = self._compiled = self._compiled or self._compile()
        if _TENANT in statement.places.values():
            values[_TENANT] = require_tenant_id()
        places = statement.places
        parameters = tuple(
            values[places[index]] if index in places else constant
            for index, constant in enumerate(statement.parameters)
        )
        rows = statement.rows._chain()  # type: ignore[attr-defined]

        def compiler(using: str, **_: Any) -> SQLCompiler:
            """Django's, which has compiled already."""
            ready = copy.copy(statement.compiler)
            ready.using, ready.connection = using, connections[using]
            ready.as_sql = lambda *_, **__: (statement.sql, parameters)  # type: ignore[assignment]
            return ready

        rows.query.get_compiler = compiler
        return list(rows)

    def _compile(self) -> _Statement:
        marks = {name: uuid4() for name in (*self._names, _TENANT)}
        with tenant(marks[_TENANT]):
            rows = self._build(*(marks[name] for name in self._names))
        compiler = rows.query.get_compiler(using=rows._db or alias_for(rows.model))  # type: ignore[attr-defined]
        sql, parameters = compiler.as_sql()
        names = {mark: name for name, mark in marks.items()}
        places = {
            index: names[value] for index, value in enumerate(parameters) if isinstance(value, UUID) and value in names
        }
        if missing := set(self._names) - set(places.values()):
            raise ImproperlyConfigured(f"no parameter of the statement: {', '.join(sorted(missing))}: {sql}")
        return _Statement(rows, compiler, KeptPlan(sql), tuple(parameters), places)
