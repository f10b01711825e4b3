"""How a projection is declared, and the registry of all that were."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.db import models

from apps.core.events.subscriptions import Group, group_named, groups


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a projection, for the comparison of two builds.

    `key` names the columns, beside the tenant, by which a row is the same in both; `ignored` those that may differ:
    when something was written, or a number that a sequence gave.
    """

    model: type[models.Model]
    key: tuple[str, ...]
    ignored: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.model._meta.db_table

    @property
    def compared(self) -> tuple[str, ...]:
        """The columns that must be equal."""
        columns = [str(field.column) for field in self.model._meta.concrete_fields]
        return tuple(name for name in columns if name not in {*self.key, *self.ignored, "tenant_id"})


@dataclass(frozen=True, slots=True)
class Projection:
    """Tables that one group's handlers write, and nothing else does."""

    name: str
    group_name: str
    tables: tuple[Table, ...]

    @property
    def group(self) -> Group:
        return group_named(self.group_name)

    @property
    def using(self) -> str:
        """The alias of the database of its tables."""
        return self.group.using

    @property
    def service(self) -> str:
        return self.group.service

    @property
    def table_names(self) -> list[str]:
        return [table.name for table in self.tables]

    @property
    def event_types(self) -> list[str]:
        return sorted(self.group.subscriptions)


_projections: dict[str, Projection] = {}


def projection(name: str, *, group: str, tables: Sequence[Table]) -> Projection:
    """Declare that the tables are made by the group's handlers alone, so that they can be made again.

    What the handlers do beside that they leave out while `being_replayed()`. A group that `handles_many` events at once
    is replayed so. Handlers find rows by what is unique: a shadow gets its other indexes once it is whole. Raises
    ValueError when the name is taken.
    """
    made = Projection(name, group, tuple(tables))
    if _projections.setdefault(name, made) != made:
        raise ValueError(f"projection {name} is already declared, for {_projections[name].group_name}")
    return made


def projections() -> list[Projection]:
    """Every projection declared in the installed apps' `handlers.py`, by name."""
    groups()  # imports them
    return [_projections[name] for name in sorted(_projections)]


def _forget(name: str) -> None:
    """For tests that declare projections of their own."""
    _projections.pop(name, None)


_replayed: ContextVar[bool] = ContextVar("replayed", default=False)


def being_replayed() -> bool:
    """True while a shadow is built: tell nobody, send nothing."""
    return _replayed.get()


@contextmanager
def replaying() -> Iterator[None]:
    token = _replayed.set(True)
    try:
        yield
    finally:
        _replayed.reset(token)
