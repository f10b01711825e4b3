"""Reads of the history: what a row was before and after each change, and who made it."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models

_BOOKKEEPING = {
    *("id", "tenant_id", "tenant", "created_at", "created_by", "updated_at", "updated_by", "version"),
    *("deleted_by", "deletion_id"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One write to one row. `before` and `after` hold only the columns that differ."""

    id: int
    entity: str
    entity_id: UUID
    action: str
    at: datetime
    actor_kind: str
    actor_id: str
    actor_name: str
    reason: str
    trace_id: str
    before: dict[str, Any]
    after: dict[str, Any]
    # Who acted in the actor's name; empty where nobody did.
    impersonator_id: str = ""
    impersonator_name: str = ""


@dataclass(frozen=True, slots=True)
class ChangeFilter:
    """Which changes are wanted; what is left empty does not matter.

    `search` is a part of the actor's name or of whoever acted in it, or a whole id: of one of the two, or of the row;
    `since` is inclusive, `until` exclusive; `before` is the place of the last change already seen (`place_of`).
    """

    entities: tuple[str, ...] = ()
    entity_ids: tuple[UUID, ...] | None = None
    search: str = ""
    action: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: tuple[datetime, str, int] | None = None

    def rows(self, model: type[models.Model], *, using: str | None = None) -> Any:
        """The history rows of `model` that are wanted, newest first."""
        rows = history_model(model).objects.using(using).order_by("-pgh_created_at", "-pgh_id")
        if self.entity_ids is not None:
            rows = rows.filter(pgh_obj_id__in=self.entity_ids)
        if self.since:
            rows = rows.filter(pgh_created_at__gte=self.since)
        if self.until:
            rows = rows.filter(pgh_created_at__lt=self.until)
        if self.before:
            rows = rows.filter(_older_than(self.before, model.__name__))
        if self.search:
            rows = rows.filter(_matching(self.search))
        return _with_action(rows, self.action) if self.action else rows


def place_of(change: Change) -> tuple[datetime, str, int]:
    """Where a change stands among all changes of all models. See `ChangeFilter.before`."""
    return change.at, change.entity, change.id


def changes_of(*tracked: type[models.Model], where: ChangeFilter, limit: int, using: str | None = None) -> list[Change]:
    """The latest wanted changes of several models in the current scope, newest first. Three statements per model.

    `using` is for models whose tables every database has.
    """
    wanted = [model for model in tracked if not where.entities or model.__name__ in where.entities]
    return newest([_page(model, where.rows(model, using=using), limit) for model in wanted], limit=limit)


def newest(pages: Iterable[list[Change]], *, limit: int) -> list[Change]:
    """The first `limit` of several pages, each newest first, as one."""
    return list(heapq.merge(*pages, key=place_of, reverse=True))[:limit]


def _older_than(place: tuple[datetime, str, int], entity: str) -> models.Q:
    at, last_entity, last_id = place
    older = models.Q(pgh_created_at__lt=at)
    if entity < last_entity:
        return older | models.Q(pgh_created_at=at)
    return older | models.Q(pgh_created_at=at, pgh_id__lt=last_id) if entity == last_entity else older


def _matching(search: str) -> models.Q:
    matching = models.Q(pgh_context__actor_name__icontains=search)
    matching |= models.Q(pgh_context__impersonator_name__icontains=search)
    if search.lower() in "system":
        matching |= models.Q(pgh_context__isnull=True)
    try:
        id_ = UUID(search)
    except ValueError:
        return matching
    people = models.Q(pgh_context__actor_id=str(id_)) | models.Q(pgh_context__impersonator_id=str(id_))
    return matching | people | models.Q(pgh_obj_id=id_)


def _with_action(rows: Any, action: str) -> Any:
    """As `_action` names them, in SQL: to the database a soft delete and its undoing are updates."""
    if not hasattr(rows.model, "deleted_at"):
        return rows.filter(pgh_label=action)
    earlier = rows.model.objects.filter(pgh_obj_id=models.OuterRef("pgh_obj_id"), pgh_id__lt=models.OuterRef("pgh_id"))
    rows = rows.annotate(was_deleted_at=models.Subquery(earlier.order_by("-pgh_id").values("deleted_at")[:1]))
    hidden = models.Q(pgh_label="updated", deleted_at__isnull=False, was_deleted_at__isnull=True)
    shown = models.Q(pgh_label="updated", deleted_at__isnull=True, was_deleted_at__isnull=False)
    if action == "deleted":
        return rows.filter(hidden | models.Q(pgh_label="deleted"))
    if action == "restored":
        return rows.filter(shown)
    return rows.filter(pgh_label=action).exclude(hidden | shown)


def history_model(model: type[models.Model]) -> Any:
    """The `<Model>History` of a tracked model. Raises AttributeError if it is not tracked."""
    return model.pgh_event_model  # type: ignore[attr-defined]


def changes(model: type[models.Model], *, entity_id: UUID | None = None, limit: int = 50) -> list[Change]:
    """The latest changes in the current scope, newest first. Three statements, however many rows."""
    where = ChangeFilter(entity_ids=None if entity_id is None else (entity_id,))
    return _page(model, where.rows(model), limit)


def _page(model: type[models.Model], rows: Any, limit: int) -> list[Change]:
    page = list(rows[:limit])
    earlier = _predecessors(history_model(model).objects.using(rows.db), page)
    return [_change(model, row, earlier.get(row.pgh_id)) for row in page]


def _predecessors(history: Any, page: list[Any]) -> dict[int, Any]:
    """For each row of the page the version before it, by one self-join."""
    if not page:
        return {}
    previous = history.filter(pgh_obj_id=models.OuterRef("pgh_obj_id"), pgh_id__lt=models.OuterRef("pgh_id")).order_by(
        "-pgh_id"
    )
    ids = dict(
        history.filter(pgh_id__in=[row.pgh_id for row in page])
        .annotate(previous_id=models.Subquery(previous.values("pgh_id")[:1]))
        .values_list("pgh_id", "previous_id")
    )
    rows = history.in_bulk([i for i in ids.values() if i])
    return {later: rows[earlier] for later, earlier in ids.items() if earlier}


def _change(model: type[models.Model], row: Any, earlier: Any) -> Change:
    context = row.pgh_context or {}
    before, after = _difference(_columns(earlier), _columns(row)) if row.pgh_label != "deleted" else (_columns(row), {})
    return Change(
        id=row.pgh_id,
        entity=model.__name__,
        entity_id=row.pgh_obj_id,
        action=_action(row.pgh_label, before, after),
        at=row.pgh_created_at,
        actor_kind=context.get("actor_kind", "system"),
        actor_id=context.get("actor_id", ""),
        actor_name=context.get("actor_name", "system"),
        reason=context.get("reason", ""),
        trace_id=context.get("trace_id", ""),
        before=before,
        after=after,
        impersonator_id=context.get("impersonator_id", ""),
        impersonator_name=context.get("impersonator_name", ""),
    )


def _action(label: str, before: dict[str, Any], after: dict[str, Any]) -> str:
    """Soft delete and restore are updates to the database, but not to people."""
    if label == "updated" and "deleted_at" in after:
        return "deleted" if after["deleted_at"] else "restored"
    return label


def _columns(row: Any) -> dict[str, Any]:
    if row is None:
        return {}
    names = {f.attname: None for f in row._meta.concrete_fields if not f.name.startswith("pgh_")}
    return {name: getattr(row, name) for name in names if name not in _BOOKKEEPING and not _is_copy(name, names)}


def _is_copy(name: str, names: Iterable[str]) -> bool:
    """`name_key` repeats `name` in the form that is searched for: nobody changed it."""
    return name.endswith("_key") and name.removesuffix("_key") in names


def _difference(before: dict[str, Any], after: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    names: Iterable[str] = [n for n in after if n not in before or before[n] != after[n]]
    return {n: before[n] for n in names if n in before}, {n: after[n] for n in names}
